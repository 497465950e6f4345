// Invitations: somebody without an account is asked for files, proves himself by the code from a letter, and sends once.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { button, person, signIn, text } from "./browser.mjs";
import { choose, send, stateOf, uploaded } from "./drop_box_test.mjs";
import { site } from "./site.mjs";

const address = site.dropBox;
const { inviter, sender } = site.outside;
const { staff, approver } = site.closed;
const kLetterMs = 30_000;

// ---- letters, as they came to the next hop outside: { to, subject, text } in the order of their coming ----
const seen = new Set(); // names of files
export async function letterTo(mail) {
  const deadline = Date.now() + kLetterMs;
  for (;;) {
    for (const name of readdirSync(site.letters).filter((one) => one.endsWith(".json") && !seen.has(one)).sort()) {
      const letter = JSON.parse(readFileSync(join(site.letters, name), "utf8"));
      if (letter.to !== mail) continue;
      seen.add(name);
      return letter;
    }
    assert.ok(Date.now() < deadline, `no letter to ${mail}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
const linkIn = (letter) => letter.text.match(/^http\S*#invitation=\S+$/m)?.[0] ?? assert.fail(`no link in ${letter.text}`);
export async function codeFor(mail) {
  const letter = await letterTo(mail);
  return letter.text.match(/確認番号: (\d{6})/)?.[1] ?? assert.fail(`no code in ${letter.text}`);
}
const another = (code) => String((Number(code) + 1) % 1_000_000).padStart(6, "0");

export async function inviting(language = "ja") {
  const one = await person({ address, language });
  await signIn(one.page, inviter);
  await one.page.getByRole("link", { name: text("招待", "Invitations") }).click();
  await one.page.getByRole("heading", { level: 1, name: text("招待", "Invitations") }).waitFor();
  return one;
}
// Gives the link that came by mail.
export async function invite(page, mail, message = "") {
  await page.getByLabel(text("相手のメールアドレス", "Mail address to invite")).fill(mail);
  if (message) await page.getByLabel(text("メッセージ", "Message")).fill(message);
  await button(page, "招待を送る", "Send the invitation").click();
  await row(page, mail).waitFor();
  return linkIn(await letterTo(mail));
}
export const row = (page, mail) => page.locator(".invitation", { hasText: mail });
export async function askForCode(page, mail) {
  await button(page, "確認番号を送る", "Send the code").click();
  await codeField(page).waitFor();
  return codeFor(mail);
}
export const codeField = (page) => page.locator('input[autocomplete="one-time-code"]');
export async function giveCode(page, code) {
  await codeField(page).fill(code);
  await button(page, "確認して進む", "Confirm and go on").click();
}
// Somebody who has opened the link and given the code.
async function guestBy(link, mail, language = "ja") {
  const one = await person({ address: link, language });
  await giveCode(one.page, await askForCode(one.page, mail));
  await one.page.locator(".zone").waitFor();
  return one;
}
const dead = (page) => page.getByRole("heading", { level: 1, name: text("この招待は使えません", "This invitation cannot be used") });

test("invitation: a link comes by mail, a code confirms it, the files go to the inviter alone, and that once", async () => {
  const mail = "buhin@outside.example";
  const host = await inviting();
  const link = await invite(host.page, mail, "図面を <b>お送り</b> ください。\n& よろしく");
  assert.match(await row(host.page, mail).locator(".badge").innerText(), /有効/);
  assert.equal(await row(host.page, mail).locator(".message").innerText(), "図面を <b>お送り</b> ください。\n& よろしく");

  const guest = await person({ address: link });
  const { page } = guest;
  await page.getByRole("heading", { level: 1, name: "ファイル送付の依頼" }).waitFor();
  assert.equal(await page.evaluate(() => location.hash), "#/", "the secret is gone from the address bar");
  assert.equal(await page.getByText(inviter.name).count(), 0, "nothing of the house before a code was sent");
  const code = await askForCode(page, mail);
  await page.getByText(inviter.name).waitFor();
  await page.getByText("b***@outside.example").waitFor();
  await page.reload(); // e.g. a phone that looked at the mail meanwhile: no other code is needed
  await codeField(page).waitFor();
  await giveCode(page, another(code));
  await page.getByRole("alert").filter({ hasText: "確認番号が違うか" }).waitFor();
  await giveCode(page, "12345");
  await page.getByText("6 桁の数字を入力してください").waitFor();
  await giveCode(page, [...code].map((digit) => String.fromCharCode(digit.charCodeAt(0) + 0xfee0)).join("")); // full-width, as an input method gives them
  await page.locator(".zone").waitFor();

  const menu = page.getByRole("navigation");
  assert.equal(await menu.getByRole("link", { name: "招待" }).count(), 0);
  await page.locator(".account summary").click();
  await page.getByText("招待された方").waitFor();
  assert.equal(await page.getByRole("link", { name: "アカウント設定" }).count(), 0);
  await page.goto(`${address}#/account`);
  await page.getByRole("heading", { level: 1, name: "見つかりません" }).waitFor();
  await page.goto(`${address}#/invitations`);
  await page.getByRole("heading", { level: 1, name: "見つかりません" }).waitFor();
  await page.goto(`${address}#/`);

  await choose(page, site.files.text);
  await uploaded(page, 1);
  assert.equal(await page.locator("input[type=email]").count(), 0, "the recipient cannot be chosen");
  assert.match(await page.locator(".send").innerText(), new RegExp(staff.mail.replace(".", "\\.")));
  assert.ok([403, 422].includes(await submitTo(page, approver.mail)));
  assert.ok([403, 422].includes(await submitTo(page, `${staff.mail}", "${approver.mail}`)));
  assert.equal(await inviteAs(page, "third@outside.example"), 403);
  await page.getByLabel(text("件名", "Title")).fill("招待からの送付");
  await send(page);
  await stateOf(page, "note.txt").filter({ hasText: /受取可能|受取済み/ }).waitFor({ timeout: 120_000 });
  await page.getByRole("link", { name: "ファイルを送る" }).click();
  await page.getByRole("heading", { level: 1, name: "この招待での送付は終わりました" }).waitFor();
  assert.equal(await page.locator(".zone").count(), 0);

  const late = await person({ address: link });
  await button(late.page, "確認番号を送る", "Send the code").click();
  await dead(late.page).waitFor();
  await button(late.page, "この招待を閉じる", "Close this invitation").click();
  await late.page.getByLabel("ログイン名").waitFor();
  await late.close();
  await host.page.reload();
  await row(host.page, mail).locator(".badge", { hasText: "使用済み" }).waitFor();
  assert.equal(await row(host.page, mail).getByRole("button").count(), 0);
  await host.close();
  await guest.close();

  const taker = await person({ address: site.pickUp });
  await signIn(taker.page, staff);
  await taker.page.getByRole("link", { name: /招待からの送付/ }).click();
  await taker.page.getByText(mail).first().waitFor();
  await taker.close();
});

test("invitation: a revoked link is dead, and so is the visit of who came by it", async () => {
  const mail = "torikeshi@outside.example";
  const host = await inviting();
  const link = await invite(host.page, mail);
  const guest = await guestBy(link, mail);
  const mine = row(host.page, mail);
  await mine.getByRole("button", { name: /^取り消す/ }).click();
  await focused(host.page, "取り消さない"); // the answer that changes nothing
  await host.page.keyboard.press("Escape");
  await focused(host.page, "取り消す:");
  await host.page.keyboard.press("Enter");
  await mine.getByRole("button", { name: "取り消さない" }).click();
  assert.match(await mine.locator(".badge").innerText(), /有効/);
  await mine.getByRole("button", { name: /^取り消す/ }).click();
  await mine.getByRole("button", { name: "招待を取り消す" }).click();
  await mine.locator(".badge", { hasText: "取り消し" }).waitFor();
  assert.equal(await mine.getByRole("button").count(), 0);
  await guest.page.getByRole("link", { name: "送付履歴" }).click();
  await guest.page.getByText("接続を終えました").waitFor();
  await button(guest.page, "確認番号を送る", "Send the code").click();
  await dead(guest.page).waitFor();
  await guest.close();
  const late = await person({ address: link });
  await button(late.page, "確認番号を送る", "Send the code").click();
  await dead(late.page).waitFor();
  await late.close();
  await host.close();
});

test("invitation: after five wrong codes the right one counts no more, a new one does", async () => {
  const mail = "machigai@outside.example";
  const host = await inviting();
  const link = await invite(host.page, mail);
  await host.close();
  const { page, close } = await person({ address: link });
  const code = await askForCode(page, mail);
  for (let tries = 0; tries < 5; ++tries) {
    const answer = page.waitForResponse(/\/invitations\/confirm$/);
    await giveCode(page, another(code));
    assert.equal((await answer).status(), 422);
  }
  const refused = page.waitForResponse(/\/invitations\/confirm$/);
  await giveCode(page, code);
  assert.equal((await refused).status(), 422);
  await button(page, "確認番号をもう一度送る", "Send another code").click();
  await giveCode(page, await codeFor(mail));
  await page.locator(".zone").waitFor();
  await close();
});

test("invitation: a link that nobody was sent says so, and one that is opened in an open tab is taken, too", async () => {
  const { page, close } = await person({ address: `${address}#invitation=${"A".repeat(43)}` });
  await button(page, "確認番号を送る", "Send the code").click();
  await dead(page).waitFor();
  await page.evaluate(() => { location.hash = "#invitation=%3Cb%3E"; });
  await button(page, "確認番号を送る", "Send the code").click();
  await dead(page).waitFor();
  assert.equal(await page.evaluate(() => location.hash), "#/");
  await close();
});

test("invitation: who is signed in already is told before he becomes the guest", async () => {
  const mail = "futari@outside.example";
  const host = await inviting();
  const link = await invite(host.page, mail);
  await host.close();
  const { page, close } = await person({ address });
  await signIn(page, sender);
  await page.goto(link);
  await page.getByText(`いま「${sender.name}」でサインインしています`).waitFor();
  await button(page, "この招待を閉じる", "Close this invitation").click();
  await page.locator(".zone").waitFor(); // nothing has happened
  await close();
});

test("invitation: who cannot receive on the closed side invites nobody", async () => {
  const { page, close } = await person({ address });
  await signIn(page, sender);
  await page.locator(".zone").waitFor();
  await page.waitForLoadState("networkidle");
  assert.equal(await page.getByRole("link", { name: "招待" }).count(), 0);
  assert.equal(await inviteAs(page, "third@outside.example"), 403);
  await page.goto(`${address}#/invitations`);
  await page.getByRole("heading", { level: 1, name: "見つかりません" }).waitFor();
  await close();
});

test("invitation: what is no address is refused at its field", async () => {
  const { page, close } = await inviting();
  const field = page.getByLabel("相手のメールアドレス");
  await field.fill("a b@outside.example");
  await page.locator("form.card").evaluate((form) => { form.noValidate = true; }); // the server's own word
  await button(page, "招待を送る", "Send the invitation").click();
  await page.locator(".field-error").waitFor();
  assert.equal(await field.getAttribute("aria-invalid"), "true");
  await close();
});

const focused = (page, name) =>
  page.waitForFunction((wanted) => (document.activeElement.getAttribute("aria-label") ?? document.activeElement.innerText).startsWith(wanted), name);

// ---- what no page offers, asked of the server all the same: gives the status ----
async function submitTo(page, mail) {
  return page.evaluate(async (recipient) => {
    const { csrf } = await (await fetch("/api/v1/session")).json();
    const id = Object.entries(localStorage).find(([name]) => name.startsWith("kiyome.upload"))?.[1] ?? "0190a5b0-0000-7000-8000-000000000000";
    const headers = { "Content-Type": "application/json", "X-Kiyome-CSRF": csrf, "Idempotency-Key": crypto.randomUUID() };
    return (await fetch("/api/v1/submissions", { method: "POST", headers, body: JSON.stringify({ uploads: [{ id }], recipients: [recipient] }) })).status;
  }, mail);
}
async function inviteAs(page, mail) {
  return page.evaluate(async (invited) => {
    const { csrf } = await (await fetch("/api/v1/session")).json();
    const headers = { "Content-Type": "application/json", "X-Kiyome-CSRF": csrf };
    return (await fetch("/api/v1/invitations", { method: "POST", headers, body: JSON.stringify({ mail: invited }) })).status;
  }, mail);
}
