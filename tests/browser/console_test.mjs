// The console: finding, looking, deciding, with the mouse and without one, alone and by two people.
import assert from "node:assert/strict";
import test from "node:test";
import { assertAccessible, button, person, signIn, text } from "./browser.mjs";
import { delivered, deliveredWith, sendMail } from "./mail.mjs";
import { site } from "./site.mjs";

const address = site.console;
const { reviewer, second, auditor, administrator } = site.office;
const kWaitMs = 60_000;
let count = 0;
export const named = (what) => `${what} ${Date.now()}-${++count}`;
const about = (subject) => (mail) => mail.subject.includes(subject);
const carries = (subject) => (mail) => about(subject)(mail) && !/保留|お知らせ/.test(mail.subject); // not the notice

export async function office(someone, fragment = "", options = {}) {
  const one = await person({ address, ...options });
  await signIn(one.page, someone);
  if (fragment) await one.page.goto(`${options.address ?? address}${fragment}`);
  await one.page.getByRole("heading", { level: 1 }).waitFor();
  return one;
}
export const rowOf = (page, subject) => page.locator(".item", { hasText: subject });
const arrivedAt = (page, subject) => rowOf(page, subject).first().waitFor({ timeout: kWaitMs });

// A mail that stays held until somebody decides.
export async function held(what, mail = {}) {
  const subject = named(what);
  const id = await sendMail({ subject, ...mail });
  return { subject, id };
}
// Its page, as soon as the cleaner has decided about it.
export async function open(page, { subject, id }) {
  for (let tries = 0; ; ++tries) {
    const status = await page.evaluate(async (item) => (await fetch(`/api/v1/review/items/${item}`)).status, id);
    if (status === 200) break;
    assert.ok(tries < 300, `${subject}: ${status}`);
    await page.waitForTimeout(200);
  }
  await page.goto(`${new URL(page.url()).origin}/#/items/${id}`);
  await page.getByRole("heading", { level: 1, name: subject }).waitFor();
}
export const choose = (page, kind) => page.locator(`.kinds button[data-kind="${kind}"]`).click();
export async function decide(page, kind, reason = "業務に必要") {
  await choose(page, kind);
  await page.locator(".decide-form textarea").last().fill(reason);
  await confirm(page);
}
export const confirm = (page) => page.locator(".decide-form button.primary, .decide-form button.danger").first().click();
export const stands = (page, word) => page.locator(".item-title .badge", { hasText: word }).waitFor({ timeout: kWaitMs });
const statusOf = (page, method, path, body) =>
  page.evaluate(async ([how, where, what]) => {
    const { csrf } = await (await fetch("/api/v1/session")).json();
    const init = { method: how, headers: { "X-Kiyome-CSRF": csrf, ...(what ? { "Content-Type": "application/json" } : {}) } };
    if (what) init.body = JSON.stringify(what);
    return (await fetch(`/api/v1${where}`, init)).status;
  }, [method, path, body]);

// ---- finding ----
test("console: what arrives is told above the list, which does not jump, and comes when it is wanted", async () => {
  const first = await held("先に届いたもの");
  const { page, close } = await office(reviewer);
  await arrivedAt(page, first.subject);
  const before = await rowOf(page, first.subject).boundingBox();
  const later = await held("後で届いたもの");
  const news = page.getByRole("button", { name: /^新着 \d+ 件/ });
  await news.waitFor({ timeout: kWaitMs });
  assert.equal(await rowOf(page, later.subject).count(), 0);
  assert.deepEqual(await rowOf(page, first.subject).boundingBox(), before);
  await news.click();
  await rowOf(page, later.subject).waitFor();
  await close();
});

test("console: a letter that nobody sees, and that turns the others around, is shown", async () => {
  const { subject } = await held("請求書\u202egpj.exe");
  const { page, close } = await office(reviewer);
  await arrivedAt(page, subject.replace("\u202e", "‹U+202E›"));
  assert.ok(!(await page.locator("body").innerText()).includes("\u202e"));
  await close();
});

test("console: an item is found by each of its marks, and the address of the search finds it for a colleague", async () => {
  const item = await held("検索の印", { from: "tantou@held.example", to: [site.closed.approver.mail], files: [site.files.docx] });
  const { page, close } = await office(reviewer, "#/?view=all");
  await arrivedAt(page, item.subject);
  const { sha256 } = await page.evaluate(async (id) => (await fetch(`/api/v1/review/items/${id}`)).json(), item.id);
  const filter = async (label, value) => {
    await page.goto(`${address}#/?view=all`);
    await page.reload();
    await page.getByRole("button", { name: "絞り込み" }).click();
    const field = page.locator("#filters").getByLabel(label, { exact: true });
    if (await field.evaluate((one) => one.tagName === "SELECT")) await field.selectOption(value);
    else await field.fill(value);
    if (value !== "held") await page.locator(".chip", { hasText: label }).waitFor(); // else the view says it
    await page.locator('.items[aria-busy="false"]').waitFor();
    await arrivedAt(page, item.subject);
  };
  await filter("差出人", "tantou@held.example");
  await filter("宛先", site.closed.approver.mail);
  await filter("件名", item.subject);
  await filter("ファイル名", "estimate.docx");
  await filter("SHA-256", sha256);
  await filter("受付番号", item.id);
  await filter("状態", "held");
  await filter("判定", "held");
  await filter("経路", "mail");
  await filter("理由", "policy-held");
  await filter("部署", "財政課");
  await filter("いつから", new Date(Date.now() - 86_400_000).toISOString().slice(0, 10));
  await page.goto(`${address}#/?view=all`);
  await page.getByRole("searchbox").fill(item.subject.split(" ")[1]);
  await page.waitForFunction(() => location.hash.includes("q="));
  await page.waitForFunction((subject) => { const rows = [...document.querySelectorAll(".item")]; return rows.length === 1 && rows[0].textContent.includes(subject); }, item.subject);
  const link = page.url();
  await close();
  const colleague = await office(auditor);
  await colleague.page.goto(link);
  await arrivedAt(colleague.page, item.subject);
  assert.equal(await colleague.page.getByRole("searchbox").inputValue(), item.subject.split(" ")[1]);
  await colleague.page.getByRole("searchbox").fill("そのような言葉はどこにもありません");
  await colleague.page.getByText("該当するものはありません").waitFor();
  await colleague.close();
});

test("console: a chip that is removed widens the search, and what is not held is found by one more click", async () => {
  const item = await held("広げて探す", { from: "a@outside.example" }); // not held: it is delivered
  const { page, close } = await office(reviewer, "#/");
  await page.getByRole("searchbox").fill(item.subject.split(" ")[1]);
  await page.getByText("該当するものはありません").waitFor();
  await page.getByRole("button", { name: /すべてから探す$/ }).click();
  await arrivedAt(page, item.subject);
  await page.goto(`${address}#/?verdict=held&q=${encodeURIComponent(item.subject.split(" ")[1])}`);
  await page.getByText("該当するものはありません").waitFor();
  await page.getByRole("button", { name: "条件を外す: 判定: 保留" }).click();
  await arrivedAt(page, item.subject);
  await close();
});

// ---- deciding ----
test("console: released with the keyboard alone, and the recipient has it once", async () => {
  const item = await held("鍵盤で解放");
  const { page, close } = await office(reviewer);
  await arrivedAt(page, item.subject);
  await page.keyboard.press("?");
  await page.getByRole("dialog", { name: "キー操作" }).waitFor();
  await page.keyboard.press("Escape");
  await page.keyboard.press("/");
  await page.keyboard.type(item.subject.split(" ")[1]);
  await page.waitForFunction(() => document.querySelectorAll(".item").length === 1);
  await page.keyboard.press("Escape");
  await page.keyboard.press("j");
  await page.keyboard.press("x");
  await page.getByText("1 件を選択中").first().waitFor();
  await page.keyboard.press("r");
  await page.getByRole("dialog").waitFor();
  assert.match(await page.evaluate(() => document.activeElement.tagName), /TEXTAREA/);
  await page.keyboard.press("Tab"); // a reason is wanted: it is not sent without one
  await page.getByRole("button", { name: "解放する" }).press("Enter");
  await page.getByText("理由を入力してください").waitFor();
  await page.keyboard.type("鍵盤だけで決めました");
  await page.getByRole("button", { name: "解放する" }).press("Enter");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await delivered(carries(item.subject));
  await page.waitForTimeout(1500);
  assert.equal(deliveredWith(carries(item.subject)).length, 1);
  await open(page, item);
  await stands(page, "配送済み");
  await page.locator(".path", { hasText: "鍵盤だけで決めました" }).waitFor();
  await page.keyboard.press("u");
  await page.getByRole("heading", { level: 1, name: "受信一覧" }).waitFor();
  await close();
});

test("console: keys of one letter can be switched off", async () => {
  const { page, close } = await office(reviewer);
  await page.locator(".items, .card").first().waitFor();
  await page.keyboard.press("?");
  await page.getByLabel("1 文字のキー操作を使う").uncheck();
  await page.getByRole("button", { name: "閉じる" }).click();
  await page.keyboard.press("?");
  await page.waitForTimeout(200);
  assert.equal(await page.getByRole("dialog").count(), 0);
  await page.getByRole("button", { name: /^キー操作/ }).click();
  await page.getByLabel("1 文字のキー操作を使う").check();
  await close();
});

test("console: an item shows what came as text and what is left as pictures from the sandbox", async () => {
  const item = await held("中身を見る", { files: [site.files.docx], text: "添付をご覧ください。\n<img src=x onerror=alert(1)>" });
  const { page, close } = await office(auditor);
  const asked = [];
  page.on("request", (request) => asked.push(request.url()));
  await open(page, item);
  await page.locator(".came", { hasText: "estimate.docx" }).waitFor();
  await page.locator(".came details summary").click();
  await page.locator(".headers", { hasText: "Message-ID" }).first().waitFor();
  await page.getByRole("button", { name: "無害化した姿を確認する" }).click();
  await page.locator(".clean-body", { hasText: "添付をご覧ください。" }).waitFor({ timeout: kWaitMs });
  assert.match(await page.locator(".clean-body").innerText(), /onerror/); // text, and nothing but text
  await page.waitForFunction(() => { const picture = document.querySelector(".thumbnails img"); return picture?.complete && picture.naturalWidth > 100; }, undefined, { timeout: kWaitMs });
  await page.getByRole("button", { name: /のページを見る$/ }).first().click();
  await page.locator(".preview-picture img").waitFor();
  await page.waitForFunction(() => document.querySelector(".preview-picture img")?.naturalWidth > 100);
  await assertAccessible(page, "page viewer of the console");
  await page.keyboard.press("Escape");
  await page.locator(".path", { hasText: "受け付けました" }).waitFor();
  await page.getByRole("heading", { level: 2, name: "似たもの" }).waitFor();
  assert.equal(await page.locator(".kinds button").count(), 0); // an auditor decides nothing
  assert.deepEqual(asked.filter((url) => !url.startsWith(address)), []);
  await close();
});

test("console: released without a part, the recipient has the rest and is told", async () => {
  const item = await held("一部を除く", { files: [site.files.docx, site.files.text] });
  const { page, close } = await office(reviewer);
  await open(page, item);
  await choose(page, "without-part");
  await confirm(page);
  await page.getByText("除く部分を選んでください").waitFor();
  await page.getByLabel("除く部分").selectOption({ label: "note.txt" });
  await page.locator(".decide-form textarea").last().fill("覚え書きは不要");
  await confirm(page);
  await stands(page, "配送済み");
  const [mail] = await delivered(carries(item.subject));
  assert.ok(mail.files.some((name) => name.startsWith("estimate")), String(mail.files));
  assert.ok(!mail.files.some((name) => name.startsWith("note")), String(mail.files));
  await close();
});

test("console: cleaned again with the right password, after a wrong one", async () => {
  const item = await held("パスワード付き", { from: "a@outside.example", files: [site.files.passwordZip] });
  const { page, close } = await office(reviewer);
  await open(page, item);
  const before = (await delivered(about(item.subject))).length;
  for (const password of ["ちがう言葉", site.files.zipPassword]) {
    await choose(page, "clean-again");
    await page.getByLabel(/^パスワード（/).fill(password);
    await page.locator(".decide-form textarea").last().fill("受取人から電話で聞いた");
    await confirm(page);
    await page.locator(".decide .notice").waitFor();
  }
  const mails = await delivered((mail) => about(item.subject)(mail) && mail.files.some((name) => /memo/.test(name ?? "")));
  assert.equal(mails.length, 1);
  assert.ok((await delivered(about(item.subject), before + 1)).length > before);
  await close();
});

test("console: rejected with a notice, the recipient hears of it and never has it", async () => {
  const item = await held("拒否するもの");
  const { page, close } = await office(reviewer);
  await open(page, item);
  const before = deliveredWith(() => true).length;
  await decide(page, "reject", "不審なため");
  await stands(page, "拒否");
  await delivered(() => true, before + 1);
  assert.equal(deliveredWith((mail) => mail.subject === item.subject).length, 0);
  await close();
});

test("console: tried again by the same rules it stays held, and the page says why", async () => {
  const item = await held("もう一度");
  const { page, close } = await office(reviewer);
  await open(page, item);
  await decide(page, "retry", "規則を直したはず");
  const told = page.locator(".decide .notice");
  await told.waitFor();
  assert.match(await told.textContent(), /規程により/);
  await stands(page, "保留");
  assert.equal(deliveredWith(carries(item.subject)).length, 0);
  await decide(page, "release");
  await stands(page, "配送済み");
  await delivered(carries(item.subject));
  await close();
});

test("console: what has not left yet is held, also in English, and leaves when it is released", async () => {
  const { console: small, smtp: port, reviewer: alone } = site.smallOffice;
  for (const [language, held, sending, reason] of [["ja", "保留", "配送中", "内容を確かめる"], ["en", "Held", "On its way", "to be looked at"]]) {
    const subject = named("まだ出ていないもの");
    const id = await sendMail({ subject, from: "a@outside.example", port });
    const { page, close } = await office(alone, "", { address: small, language });
    await open(page, { subject, id });
    await stands(page, sending);
    await decide(page, "hold", reason);
    await stands(page, held);
    await decide(page, "release", reason);
    await stands(page, sending);
    await close();
  }
});

test("console: where one person is enough, what loosens the policy is done at once", async () => {
  const { console: small, smtp: port, reviewer: alone } = site.smallOffice;
  const item = await held("一人で決める", { files: [site.files.docx], port });
  const { page, close } = await office(alone, "", { address: small });
  await open(page, item);
  await choose(page, "clean-again");
  await page.locator(".decide-form select").last().selectOption("flatten");
  await page.locator(".decide-form textarea").last().fill("図面が要る");
  await confirm(page);
  await stands(page, "配送中");
  await close();
});

test("console: several are deleted at once, and a kept one is not", async () => {
  const items = [await held("消すもの"), await held("消すもの"), await held("消すもの")];
  const { page, close } = await office(reviewer);
  await open(page, items[1]);
  await page.getByRole("button", { name: "保全する" }).click();
  await page.getByRole("dialog").getByLabel("理由").fill("調査のため");
  await page.getByRole("dialog").getByRole("button", { name: "保全する" }).click();
  await page.getByText(/が保全しています/).waitFor();
  await page.goto(`${address}#/?q=${encodeURIComponent("消すもの")}&state=held`);
  for (const { subject } of items) await rowOf(page, subject).getByRole("checkbox").check({ timeout: kWaitMs });
  await page.locator(".selected-bar").getByRole("button", { name: "削除" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "迷惑メール" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "削除する" }).click();
  await page.getByRole("dialog").getByText("2 件を決定しました").waitFor({ timeout: kWaitMs });
  await page.getByRole("dialog").getByText(/1 件は決定できませんでした/).waitFor();
  await page.getByRole("dialog").getByRole("button", { name: "閉じる" }).click();
  await open(page, items[0]);
  await stands(page, "削除済み");
  await open(page, items[1]);
  await stands(page, "保留中");
  await close();
});

test("console: two people press at the same moment, one decides and the other is told what it is now", async () => {
  const item = await held("二人が同時に");
  const [one, other] = [await office(reviewer), await office(second)];
  for (const { page } of [one, other]) {
    await open(page, item);
    await choose(page, "release");
    await page.locator(".decide-form textarea").last().fill("同時に押す");
  }
  await Promise.all([one, other].map(({ page }) => confirm(page)));
  for (const { page } of [one, other]) await stands(page, "配送済み");
  await delivered(carries(item.subject));
  await one.page.waitForTimeout(1500);
  assert.equal(deliveredWith(carries(item.subject)).length, 1);
  await one.close();
  await other.close();
});

// ---- who may what ----
test("console: an auditor and an administrator cannot decide, neither here nor past the page", async () => {
  const item = await held("権限のないもの");
  const seen = await office(auditor);
  await open(seen.page, item);
  await seen.page.getByText("閲覧のみの権限です").waitFor();
  const order = { kind: "release", reason: "できないはず" };
  assert.equal(await statusOf(seen.page, "POST", `/review/items/${item.id}/decisions`, order), 403);
  assert.equal(await statusOf(seen.page, "POST", "/review/decisions", { ...order, items: [item.id] }), 403);
  assert.equal(await statusOf(seen.page, "PUT", `/review/items/${item.id}/legal-hold`, { reason: "できないはず" }), 403);
  await seen.close();
  const keeper = await office(administrator);
  await keeper.page.getByRole("heading", { level: 1, name: "概況" }).waitFor();
  assert.equal(await keeper.page.getByRole("link", { name: "受信一覧" }).count(), 0);
  await keeper.page.goto(`${address}#/items/${item.id}`);
  await keeper.page.getByRole("heading", { level: 1, name: "このページを使う権限がありません" }).waitFor();
  assert.equal(await statusOf(keeper.page, "GET", `/review/items/${item.id}`), 403);
  assert.equal(await statusOf(keeper.page, "POST", `/review/items/${item.id}/decisions`, order), 403);
  await keeper.close();
  const one = await office(reviewer, "#/audit");
  await one.page.getByRole("heading", { level: 1, name: "このページを使う権限がありません" }).waitFor();
  assert.equal(await statusOf(one.page, "GET", "/review/audit"), 403);
  await open(one.page, item); // what they could not do, a reviewer can
  await decide(one.page, "release");
  await stands(one.page, "配送済み");
  await one.close();
});

test("console: in English it decides as well", async () => {
  const item = await held("英語で決める");
  const { page, close } = await office(reviewer, "", { language: "en" });
  await open(page, item);
  await page.getByText("It is held. The recipient does not have it yet.").waitFor();
  await decide(page, "release", "needed for work");
  await stands(page, "Delivered");
  await page.locator(".path", { hasText: "Released" }).waitFor();
  await close();
});

export { about, button, carries, statusOf, text };
