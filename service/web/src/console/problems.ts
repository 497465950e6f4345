// Refusals that only the console hears.
import { problems } from "../shared/words";

Object.assign(problems, {
  unavailable: ["無害化の処理に接続できません。決定は実行されていないことがあります。しばらくしてから状態を確かめてください。", "The cleaner cannot be reached. What you decided may not have been done: look again in a moment."],
  "same-person": ["提案した本人は二人目になれません。", "Who proposed it cannot be the second person."],
  "not-kept": ["原本の保管期間が過ぎています。", "The original is past its days."],
  "no-scan": ["マルウェア検査が設定されていないため、原本は解放できません。", "No malware scan is configured, so no original can be released."],
  "nothing-new": ["新しく届けられる内容がありません。", "Nothing new can be delivered."],
  "not-held": ["保留されていません。", "It is not held."],
  "not-locked": ["パスワードを待っているものはありません。", "Nothing waits for a password."],
  unproven: ["差出人が認証されていないため許可できません。", "The sender is not authenticated, so it cannot be allowed."],
  kept: ["保全中のため削除できません。", "It is under legal hold and cannot be deleted."],
  quota: ["確認を待っているものが多すぎます。", "Too much waits already."],
  decided: ["すでにほかの人が決定しました。", "Somebody else has decided already."],
});
