// "Where is my attachment?": from the text of a notice that reached its recipient, by the link in it, without an account.
import assert from "node:assert/strict";
import test from "node:test";
import { assertAccessible, assertFits, button, person, picture, text } from "./browser.mjs";
import { look } from "./looking.mjs";
import { delivered, sendMail } from "./mail.mjs";
import { site } from "./site.mjs";

const kWaitMs = 60_000;
const kActionsMax = 3;
const mail = site.closed.staff.mail;
let count = 0;

// What the recipient reads when something was kept back: the text of his notice, and the link in it.
async function noticeOf(what, letter) {
  const subject = `${what} ${Date.now()}-${++count}`;
  await sendMail({ subject, ...letter });
  const [notice] = await delivered((one) => one.to.includes(mail) && one.text.includes("/ask#") && (one.subject.includes(subject) || one.text.includes(subject)));
  const links = notice.text.match(new RegExp(`${site.pickUp}ask#[A-Za-z0-9_-]+`, "g"));
  assert.equal(new Set(links).size, 1, notice.text);
  return { subject, notice, link: links[0] };
}
const stripped = { from: "kensetsu@stripped.example", files: [site.files.docx] }; // its file was taken away by policy
const heldBack = { from: "yamada@held.example", files: [site.files.docx] };
const locked = { from: "yamada@outside.example", files: [site.files.passwordZip] };
const fileRow = (page, name) => page.locator(".file", { hasText: name });
const ask = (page, name) => page.getByRole("button", { name: new RegExp(`^(届けるよう依頼する|Ask for it): ${name}`) });

for (const [language, size] of [["ja", { width: 1280, height: 900 }], ["ja", { width: 360, height: 740 }], ["en", { width: 360, height: 740 }]])
  test(`door: "where is my attachment?" is answered, and it is asked for, in at most ${kActionsMax} actions (${language}, ${size.width} px)`, async () => {
    const { notice, link } = await noticeOf("見積書の件", stripped);
    assert.match(notice.text, /estimate\.docx/); // the notice says what is missing
    let actions = 0;
    const act = (what) => (++actions, what);
    const { page, close } = await act(person({ address: link, language, size }));
    const row = fileRow(page, "estimate.docx");
    await row.getByText(text("届いていません", "Not delivered")).waitFor(); // where it is
    assert.ok((await row.locator(".findings li").count()) >= 1); // and why
    assert.doesNotMatch(page.url(), /#/); // the token is in no address that somebody copies
    await assertFits(page, "door");
    await picture(page, `${language}-door-${size.width}-1-state`);
    await act(ask(page, "estimate.docx").click());
    await row.getByText(text("依頼中", "Asked for")).waitFor();
    await row.getByText(text("依頼しました", "You asked for it")).waitFor({ timeout: kWaitMs });
    assert.equal(await ask(page, "estimate.docx").count(), 0);
    await assertFits(page, "door asked");
    await picture(page, `${language}-door-${size.width}-2-asked`);
    assert.ok(actions <= kActionsMax, `${actions} actions`);
    await page.reload(); // it stands, and the tab still knows whose it is
    await row.getByText(text("依頼中", "Asked for")).waitFor();
    await close();
  });

test("door: a mail that is held whole shows its reason, and is asked for without a mouse", async () => {
  const { notice, link, subject } = await noticeOf("保留されたもの", heldBack);
  assert.match(notice.text, /保留/);
  const { page, close } = await person({ address: link });
  await page.getByText(subject).waitFor();
  const whole = fileRow(page, "メール全体");
  await whole.getByText("届いていません").waitFor();
  assert.ok((await whole.locator(".findings li").count()) >= 1);
  const button = ask(page, "メール全体");
  for (let presses = 0; !(await button.evaluate((one) => one === document.activeElement)); ++presses) {
    assert.ok(presses < 20, "the button is not reached by the tab key");
    await page.keyboard.press("Tab");
  }
  await page.keyboard.press("Enter");
  await whole.getByText("依頼しました").waitFor({ timeout: kWaitMs });
  await close();
});

test("door: a wrong password is told, the right one brings the file by mail", async () => {
  const { link, subject } = await noticeOf("鍵付きのもの", locked);
  const { page, close } = await person({ address: link });
  const give = async (password) => {
    await page.getByLabel("パスワード", { exact: true }).fill(password);
    await button(page, "パスワードを送る", "Send the password").click();
  };
  await give("no-such-1");
  await page.getByText("そのパスワードでは開きませんでした").first().waitFor({ timeout: kWaitMs });
  await give(site.files.zipPassword);
  await page.getByText("開きました。").first().waitFor({ timeout: kWaitMs });
  await delivered((one) => one.subject.includes(subject) && one.files.some((name) => /memo/.test(name ?? "")));
  assert.equal(await page.getByLabel("パスワード", { exact: true }).inputValue(), ""); // it is kept nowhere
  await close();
});

test("door: without its link, or with a wrong one, it says what to do", async () => {
  const none = await person({ address: `${site.pickUp}ask` });
  await none.page.getByText("お知らせのメールにあるリンクから開いてください").waitFor();
  await none.close();
  const wrong = await person({ address: `${site.pickUp}ask#${"A".repeat(22)}` });
  await wrong.page.getByText("このリンクは使えません").waitFor();
  assert.equal(await wrong.page.getByRole("button", { name: /依頼/ }).count(), 0);
  await wrong.close();
});

for (const language of ["ja", "en"])
  test(`appearance: every page of a door (${language})`, async () => {
    const none = await person({ address: `${site.pickUp}ask`, language });
    await none.page.locator("h1").waitFor();
    await look(none.page, `${language}-door-without-link`);
    await none.close();
    const dead = await person({ address: `${site.pickUp}ask#${"A".repeat(22)}`, language });
    await dead.page.locator(".notice-warn").waitFor();
    await look(dead.page, `${language}-door-dead`);
    await dead.close();
    const missing = await noticeOf("長い名前の資料", { from: stripped.from, files: [site.files.docx, site.files.viewed] });
    const one = await person({ address: missing.link, language });
    await fileRow(one.page, "estimate").waitFor();
    await look(one.page, `${language}-door`);
    await ask(one.page, "estimate").click();
    await fileRow(one.page, "estimate").getByText(text("依頼しました", "You asked for it")).waitFor({ timeout: kWaitMs });
    await look(one.page, `${language}-door-asked`);
    await one.close();
    const secret = await noticeOf("鍵付きの資料", locked);
    const other = await person({ address: secret.link, language });
    await other.page.locator('input[type="password"]').fill("no-such-1");
    await look(other.page, `${language}-door-password`);
    await button(other.page, "パスワードを送る", "Send the password").click();
    await other.page.getByText(text("そのパスワードでは開きませんでした", "That password opened nothing")).first().waitFor({ timeout: kWaitMs });
    await assertAccessible(other.page, "door after a wrong password");
    await look(other.page, `${language}-door-password-wrong`);
    await other.close();
  });
