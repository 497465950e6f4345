// Deciding: each kind in one word, what will happen in one sentence, and what often is the reason.
import type { Text } from "../shared/language";
import type { Kind } from "./interface";
import { pair } from "./words";

export const reasonWords = pair({
  why: ["理由", "Reason"],
  missing: ["理由を入力してください。監査記録に残ります。", "Enter a reason; it is kept in the audit trail."],
});

interface Decision { word: Text; what: Text; confirm: Text; usual: readonly Text[] }

const kForWork: Text = ["業務に必要", "Needed for work"];
const kAskedSender: Text = ["差出人に確認済み", "Checked with the sender"];
const kSuspicious: Text = ["不審なため", "Suspicious"];
const kUnwanted: Text = ["業務に無関係", "Not related to work"];

export const kinds: Record<Kind | "original", Decision> = {
  release: {
    word: ["解放", "Release"], confirm: ["解放する", "Release"], usual: [kForWork, kAskedSender],
    what: ["無害化した内容を受取人に届けます。原本は渡りません。", "The clean result goes to the recipient. The original never does."],
  },
  retry: {
    word: ["やり直す", "Try again"], confirm: ["やり直す", "Try again"], usual: [["一時的な失敗のため", "It failed for a while"], ["設定を直したため", "The configuration was corrected"]],
    what: ["原本からもう一度無害化し、規程どおりに判定します。", "It is cleaned again from the original and judged by the policy."],
  },
  "clean-again": {
    word: ["別の方法で無害化", "Clean in another way"], confirm: ["無害化する", "Clean"], usual: [kForWork, ["受取人の依頼", "Asked by the recipient"]],
    what: ["選んだ方法かパスワードで原本から無害化し、新しくできた分だけを届けます。規程を緩めるときは二人目の確認を待ちます。", "It is cleaned again in the chosen way or with a password; only what is new is delivered. What loosens the policy waits for a second person."],
  },
  "without-part": {
    word: ["一部を除いて届ける", "Release without a part"], confirm: ["除いて届ける", "Release without it"], usual: [["不要な部分のため", "The part is not needed"], kSuspicious],
    what: ["選んだ部分を除き、残りを無害化して届けます。除いたことは受取人に知らせます。", "The rest is cleaned and delivered; the recipient is told what was left out."],
  },
  reject: {
    word: ["拒否", "Reject"], confirm: ["拒否する", "Reject"], usual: [kSuspicious, kUnwanted],
    what: ["届けないことに決めます。差出人には何も返しません。", "It will not be delivered. The sender hears nothing."],
  },
  delete: {
    word: ["削除", "Delete"], confirm: ["削除する", "Delete"], usual: [["迷惑メール", "Spam"], kSuspicious],
    what: ["届けずに削除します。元に戻せません。", "It is deleted without being delivered. This cannot be undone."],
  },
  hold: {
    word: ["保留に戻す", "Hold"], confirm: ["保留にする", "Hold"], usual: [kSuspicious, ["確認が必要", "Has to be looked at"]],
    what: ["まだ届いていない分を止め、決定を待ちます。", "What has not been delivered stops and waits for a decision."],
  },
  allow: {
    word: ["差出人を許可", "Allow the sender"], confirm: ["許可を求める", "Ask for it"], usual: [["定期的な業務連絡", "Regular business mail"], kAskedSender],
    what: ["この差出人のこの種類を、期間中は保留せず画像化して届けます。無害化とマルウェア検査は省きません。二人目の確認が要ります。", "For a time, this type from this sender is delivered as pages instead of being held. It is still sanitized and scanned. A second person has to agree."],
  },
  original: {
    word: ["原本の解放を求める", "Ask for the original"], confirm: ["二人目の確認を求める", "Ask a second person"], usual: [["証拠として必要", "Needed as evidence"], ["専門業者が調べるため", "For examination by specialists"]],
    what: ["原本を暗号化した ZIP に封緘し、指定した宛先へ送ります。二人目の同意とマルウェア検査が必ず要ります。", "The original goes as a sealed, encrypted ZIP to the address below. A second person and a malware scan are always needed."],
  },
};

export const decideWords = pair({
  decide: ["決定", "Decide"],
  decideHint: ["決定はすべて監査記録に残ります。", "Every decision is kept in the audit trail."],
  nothing: ["いま決めることはありません。", "There is nothing to decide now."],
  readOnly: ["閲覧のみの権限です。決定は確認担当者が行います。", "You may look; reviewers decide."],
  cancel: ["やめる", "Not now"],
  forWhom: ["対象の受取人", "For which recipients"],
  policy: ["添付の扱い", "How attachments are cleaned"],
  policyAsIs: ["規程のまま", "As the policy says"],
  passwords: ["パスワード（1 行に 1 つ）", "Passwords, one a line"],
  passwordsHint: ["届いた順に試します。監査記録には残しません。", "Tried in this order; they are not kept in the audit trail."],
  part: ["除く部分", "Part to leave out"],
  notice: ["受取人に拒否を知らせる", "Tell the recipient"],
  partType: ["ファイルの種類", "File type"],
  days: ["期間（日）", "For how many days"],
  to: ["送り先メールアドレス", "Mail address it goes to"],
  toHint: ["あらかじめ設定で認めた宛先だけに送れます。", "Only addresses that the configuration allows."],
  zone: ["届ける側", "Side"],
  zoneInternet: ["インターネット側", "Internet side"],
  zoneClosed: ["閉域側（ゲートの設定が必要）", "Closed side (the gate has to allow it)"],
  needPolicy: ["方法を選ぶか、パスワードを入力してください。", "Choose a way, or enter a password."],
  needPart: ["除く部分を選んでください。", "Choose a part."],
  needTo: ["送り先を入力してください。", "Enter an address."],
  needType: ["種類を選んでください。", "Choose a type."],
  needRecipient: ["受取人を選んでください。", "Choose a recipient."],
  danger: ["これは無害化していない原本です。必要な場合だけ使ってください。", "This is the original, not sanitized. Only where there is no other way."],
  done: ["{what}: {n} 人分を決定しました。", "{what}: decided for {n} {n|recipient|recipients}."],
  doneNone: ["{what}: 受け付けました。", "{what}: accepted."],
  heldAgain: ["{what}: 届けられるものがなく、そのままです。理由は次のとおりです。", "{what}: nothing could be delivered, and it stays as it was. This is why:"],
  proposed: ["二人目の確認を待っています。", "It now waits for a second person."],
  proposedSee: ["提案 {n} を開く", "Open proposal {n}"],
  working: ["無害化しています。終わるとこの画面に結果が出ます。", "It is being cleaned; the result will be shown here."],
  decidedMeanwhile: ["ほかの人が先に決定しました。現在の状態を表示しています。", "Somebody else decided first. This is what it is now."],
  bulk: ["{n} 件を{what}", "{what}: {n} {n|item|items}"],
  bulkDone: ["{n} 件を決定しました。", "{n} {n|item was|items were} decided."],
  bulkProposed: ["{n} 件は二人目の確認を待ちます。", "{n} {n|waits|wait} for a second person."],
  bulkFailed: ["{n} 件は決定できませんでした: {why}", "{n} could not be decided: {why}"],
  strip: ["添付を除く", "Remove attachments"],
  text: ["文字だけにする", "Text only"],
  flatten: ["画像化する", "As pages"],
  image: ["画像として渡す", "As pictures"],
  keepTitle: ["保全", "Legal hold"],
  keepWhat: ["期限が来ても消さず、削除もできないようにします。解けるのは管理者だけです。", "It neither expires nor can it be deleted. Only an administrator ends this."],
  unkeepWhat: ["保全を解くと、期限に従って消えます。", "Without the hold it expires as others do."],
});
