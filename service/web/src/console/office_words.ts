// What the console says beside the items: requests, two persons, allowances, overview, self-check, audit.
import type { Text } from "../shared/language";
import { pair } from "./words";

export const requestWords = pair({
  intro: ["受取人が請求した部分です。応じると、無害化した内容だけがその人に届きます。", "What recipients ask for. Granting sends them the clean result only."],
  open: ["未対応", "Open"],
  all: ["すべて", "All"],
  none: ["請求はありません。", "Nobody asks for anything."],
  from: ["差出人: {name}", "From {name}"],
  asked: ["請求", "Asked"],
  grant: ["応じる", "Grant"],
  refuse: ["断る", "Refuse"],
  text: ["返事に添える文", "Words for the answer"],
  textHint: ["受取人へのメールに入ります。", "It goes into the mail to the recipient."],
  needText: ["断る理由を入力してください。受取人に伝わります。", "Say why; the recipient will read it."],
  proposedNow: ["二人目の確認を待っています。同意されると届きます。", "It waits for a second person, and goes then."],
  workingNow: ["無害化しています。終わると受取人に届きます。", "It is being cleaned, and goes when that is done."],
  grantedNow: ["応じました。受取人に届きます。", "Granted; it is on its way."],
  refusedNow: ["断りました。受取人に知らせます。", "Refused; the recipient is told."],
  part: ["請求された部分", "What is asked for"],
  seeItem: ["項目を見る", "See the item"],
});
export const requestStates: Record<string, Text> = {
  open: ["未対応", "Open"], granted: ["応じた", "Granted"], refused: ["断った", "Refused"], done: ["完了", "Done"],
};
export const requestUsual: readonly Text[] = [
  ["内容を確認しました。無害化したものをお送りします。", "We have looked at it; here is the clean copy."],
  ["安全を確認できないためお渡しできません。差出人に別の形式での送付を依頼してください。", "We cannot tell that it is safe. Please ask the sender for another format."],
];

export const proposalWords = pair({
  intro: ["規程を緩める決定と原本の解放は、提案した人とは別の人の同意が要ります。", "What loosens the policy, and any original, needs the consent of a person other than the one who proposed it."],
  open: ["確認待ち", "Waiting"],
  all: ["すべて", "All"],
  none: ["確認を待っているものはありません。", "Nothing waits for a second person."],
  one: ["提案 {n}", "Proposal {n}"],
  by: ["提案した人", "Proposed by"],
  item: ["項目", "Item"],
  reason: ["理由", "Reason"],
  until: ["期限", "Good until"],
  what: ["内容", "What"],
  decidedBy: ["決定した人", "Decided by"],
  outcome: ["結果", "Outcome"],
  mine: ["自分の提案です。別の人の同意を待っています。", "This is yours. Somebody else has to agree."],
  agree: ["同意する", "Agree"],
  refuse: ["断る", "Refuse"],
  agreeWhat: ["同意すると、すぐに実行されます。内容と理由を確かめてください。", "It is carried out as soon as you agree. Check what it is and why."],
  agreeOriginal: ["原本（無害化前）が指定の宛先へ封緘されて送られます。宛先を確かめてください。", "The original, not sanitized, goes sealed to this address. Check it."],
  agreedNow: ["同意しました。", "Agreed."],
  refusedNow: ["断りました。", "Refused."],
  glass: ["緊急措置（一人で実行）", "Break-glass (alone)"],
  glassWhat: ["二人目がいない緊急時だけ、提案者が一人で実行できます。ただちに全員へ通知され、監査記録に特別に残ります。原本には使えません。", "Only in need and without a second person: the proposer acts alone. Everybody is told at once and it stands out in the audit trail. Never for an original."],
  glassSure: ["一人で実行することを理解しました", "I understand that I act alone"],
  glassNeedSure: ["確認の欄に印を付けてください。", "Please tick the box."],
  glassNow: ["緊急措置として実行しました。", "Done as break-glass."],
  password: ["封緘した ZIP の合言葉", "Password of the sealed ZIP"],
  passwordHint: ["一度しか表示しません。メールとは別の方法で相手に伝えてください。", "It is shown once. Tell it to the recipient by another way than mail."],
  showPassword: ["合言葉を表示する（一度だけ）", "Show the password (once)"],
  doneFor: ["{n} 人分を実行しました", "Done for {n} {n|recipient|recipients}"],
  answer: ["二人目の理由", "The second person's reason"],
  to: ["送り先", "To"],
  may: ["あなたの確認を待っています", "Waits for you"],
  delegation: ["代理", "Delegation"],
});
export const proposalStates: Record<string, Text> = {
  open: ["確認待ち", "Waiting"], agreed: ["実行中", "Being carried out"], done: ["実行済み", "Done"], refused: ["断った", "Refused"], expired: ["期限切れ", "Expired"],
  "broken-glass": ["緊急措置で実行", "Break-glass"], failed: ["失敗", "Failed"],
};
// The first word of what came of it.
export const outcomes: Record<string, Text> = {
  sent: ["送りました", "Sent"], delivered: ["届きました", "Delivered"], bounced: ["届きませんでした", "Bounced"], malware: ["マルウェアを検出したため送りませんでした", "Not sent: malware"],
  unproven: ["差出人が認証されていないため許可できません", "The sender is not authenticated, so it cannot be allowed"], "nothing-new": ["新しく届けられる内容がありません", "Nothing new can be delivered"],
  decided: ["先に決定されていました", "Had been decided before"], gone: ["すでにありません", "It is gone"], kept: ["保全中です", "Under legal hold"],
  "scan-failed": ["マルウェア検査ができず送りませんでした", "Not sent: the scan could not be done"], refused: ["受け取りを断られました", "Refused"], done: ["実行しました", "Done"],
};
// What is proposed, by the names of its members.
export const whatWords: Record<string, Text> = {
  to: ["送り先", "To"], policy: ["方法", "Way"], part: ["部分", "Part"], part_type: ["種類", "Type"], type: ["種類", "Type"], sender: ["差出人", "Sender"],
  days: ["日数", "Days"], recipients: ["受取人", "Recipients"], zone: ["届ける側", "Side"], until: ["期限", "Until"], passwords: ["パスワード", "Passwords"],
};

export const delegationWords = pair({
  intro: ["不在の間、二人目の確認を任せる人を決めます。自分の提案を任せた人が確認することはできますが、自分自身では確認できません。", "Who may stand in for you as the second person while you are away. You can never confirm what you proposed."],
  to: ["任せる人のログイン名", "Login name of the delegate"],
  until: ["いつまで", "Until"],
  of: ["{name} の代理です（{until} まで）", "You stand in for {name}, until {until}"],
  current: ["現在: {name}（{until} まで）", "Now: {name}, until {until}"],
  save: ["保存する", "Save"],
  end: ["代理をやめる", "End the delegation"],
  saved: ["保存しました。", "Saved."],
});

export const allowanceWords = pair({
  intro: ["期間を決めて、認証された差出人の種類ごとに保留を免じたものです。無害化は省きません。", "Authenticated senders whose type is not held for a time. It is still sanitized."],
  none: ["許可はありません。", "There are none."],
  sender: ["差出人", "Sender"],
  type: ["種類", "Type"],
  until: ["期限", "Until"],
  by: ["許可した人", "By"],
  agreed: ["同意: {name}", "agreed by {name}"],
  reason: ["理由", "Reason"],
  ended: ["終了", "Ended"],
  inForce: ["有効", "In force"],
  end: ["終える", "End it"],
  endOf: ["終える: {name}", "End it: {name}"],
  endSure: ["「{name}」の許可を終えますか？", "End the allowance of “{name}”?"],
  endedNow: ["許可を終えました。", "The allowance has ended."],
});

export const keptWords = pair({
  title: ["保全中のもの", "Under legal hold"],
  intro: ["期限が来ても消えず、削除もできません。", "These do not expire and cannot be deleted."],
  none: ["保全中のものはありません。", "There are none."],
  endOf: ["保全を解く: {name}", "End the legal hold: {name}"],
  ended: ["保全を解きました。", "The legal hold has ended."],
});

export const overviewWords = pair({
  today: ["今日", "Today"],
  items: ["受付", "Received"], held: ["保留", "Held"], rejected: ["拒否", "Rejected"], delivered: ["配送", "Delivered"], bounced: ["不達", "Bounced"], waiting: ["配送中", "On their way"], heldNow: ["決定待ち", "Held"],
  clean: ["無害", "Clean"],
  days: ["{n} 日間", "{n} days"],
  year: ["1 年間", "One year"],
  period: ["期間", "Period"],
  department: ["部署", "Department"],
  tenant: ["団体", "Tenant"],
  all: ["すべて", "All"],
  byDay: ["日ごとの件数", "Items a day"],
  delivery: ["配送までの時間", "Time to delivery"],
  p50: ["中央値", "Median"], p95: ["95% 以内", "95% within"],
  reasons: ["理由", "Reasons"], types: ["ファイルの種類", "File types"], senders: ["保留の多い差出人", "Senders most often held"], departments: ["部署別", "By department"],
  count: ["件数", "Count"], day: ["日", "Day"], name: ["名前", "Name"],
  table: ["表で見る", "As a table"],
  storage: ["保管量", "Storage"], originals: ["原本", "Originals"], cleanCopies: ["無害化した内容", "Clean copies"], database: ["記録", "Records"], free: ["空き", "Free"],
  queue: ["いま", "Now"], working: ["無害化中", "Being cleaned"], toGate: ["転送待ち", "To the gate"], requests: ["請求", "Requests"], proposals: ["二人確認", "Proposals"],
  health: ["稼働状況", "Health"], healthy: ["すべて正常です。", "Everything works."], unhealthy: ["{n} か所に問題があります。", "{n} {n|part needs|parts need} attention."],
  ok: ["正常", "Works"], notOk: ["要確認", "Attention"], since: ["{time} から", "since {time}"],
  none: ["まだありません。", "Nothing yet."],
  csv: ["CSV を保存", "Save as CSV"],
  report: ["月次報告書", "Monthly report"], month: ["月", "Month"], makeReport: ["報告書を作る", "Make the report"], making: ["作成しています…", "Being made…"],
  openReport: ["{month} の報告書 (PDF)", "Report of {month} (PDF)"], reportLate: ["作成に時間がかかっています。しばらくしてからもう一度お試しください。", "It takes longer than usual. Please try again in a while."],
});
export const partNames: Record<string, Text> = {
  edge: ["受付 (edge)", "Edge"], cleaner: ["無害化 (cleaner)", "Cleaner"], gate: ["ゲート (gate)", "Gate"], console: ["確認画面 (console)", "Console"],
  "next-hop": ["配送先", "Next hop"], clamd: ["マルウェア検査 (clamd)", "Malware scan (clamd)"], syslog: ["監査の転送 (syslog)", "Audit to syslog"], disk: ["ディスク", "Disk"], certificate: ["サーバー証明書", "Server certificate"],
  "transfer-certificate": ["ゾーン間の証明書", "Zone certificates"],
  "sanitizer.mail": ["無害化: メール", "Sanitizer: mail"], "sanitizer.archive": ["無害化: 書庫", "Sanitizer: archives"], "sanitizer.office": ["無害化: Office 文書", "Sanitizer: office files"],
  "sanitizer.pdf": ["無害化: PDF", "Sanitizer: PDF"], "sanitizer.image": ["無害化: 画像", "Sanitizer: pictures"],
};

export const selfCheckWords = pair({
  intro: ["情報セキュリティポリシーの典型的な条項に、この設備のいまの証拠を並べます。", "Clauses of a typical information security policy beside the evidence of this installation, now."],
  yes: ["適合", "Met"], no: ["不適合", "Not met"], attention: ["要確認", "Attention"],
  clause: ["条項", "Clause"], evidence: ["証拠", "Evidence"], result: ["結果", "Result"],
  summary: ["適合 {yes}・要確認 {attention}・不適合 {no}", "{yes} met, {attention} to look at, {no} not met"],
});

export const auditWords = pair({
  trail: ["記録", "Trail"], event: ["出来事", "Event"], actor: ["操作した人", "Actor"], item: ["受付番号", "Item id"], since: ["いつから", "From day"], until: ["いつまで", "To day"],
  entries: ["記録", "Entries"], verify: ["改ざんの検証", "Verify"], checkpoints: ["確認点", "Checkpoints"],
  none: ["該当する記録はありません。", "No such entries."],
  elsewhere: ["この記録は、その役割が動くホストで「kiyome audit list」を使って見てください。ここでは署名済みの確認点だけを確認できます。", "This trail is read on the host of that role, by “kiyome audit list”. Here only its signed checkpoints can be seen."],
  exportAll: ["書き出す (JSON Lines)", "Export (JSON Lines)"],
  verifyWhat: ["すべての記録を先頭から計算し直し、署名と他方の領域に預けた確認点とも照らし合わせます。", "Every entry is calculated anew from the first one, and compared with signatures and with the checkpoints that the other zone keeps."],
  verifyNow: ["検証する", "Verify now"], verifying: ["検証しています…", "Verifying…"],
  intact: ["改ざんなし", "Intact"], broken: ["異常あり", "Altered"],
  count: ["記録数", "Entries"], firstBad: ["最初の異常: {n} 番", "First bad entry: {n}"], signed: ["署名済み確認点", "Signed checkpoints"], lastSigned: ["最後の確認点", "Last checkpoint"], witnessed: ["他方の領域で保管", "Kept by the other zone"],
  sequence: ["番号", "No."], at: ["日時", "Time"], head: ["先頭の値", "Head"], told: ["他方への通知", "Told to the other zone"], key: ["鍵", "Key"], detail: ["詳細", "Detail"],
  checkpointsNone: ["確認点はまだありません。", "There are no checkpoints yet."],
});
export const trails: Record<string, Text> = {
  cleaner: ["無害化 (cleaner)", "Cleaner"], edge: ["受付 (edge)", "Edge"], gate: ["ゲート (gate)", "Gate"], console: ["確認画面 (console)", "Console"],
};
