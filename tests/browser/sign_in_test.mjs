// Signing in: password, second factor, recovery codes, languages, ends of sessions. For both sites' sake on one of them.
import assert from "node:assert/strict";
import test from "node:test";
import { button, enrol, freshCode, giveCode, givePassword, keepRecoveryCodes, newPassword, person, signIn, signInAnew, stepAfter, text } from "./browser.mjs";
import { site } from "./site.mjs";

const address = site.dropBox;
const { sender, colleague } = site.outside;

test("sign-in: a wrong password and an unknown login are told the same", async () => {
  const { page, close } = await person({ address });
  const told = [];
  for (const login of [sender.login, "nobody-of-this-name"]) {
    await givePassword(page, { login, password: "not the password at all" });
    told.push(await page.getByRole("alert").innerText());
    assert.equal(await page.locator('input[autocomplete="current-password"]').inputValue(), "");
    await page.reload();
  }
  assert.equal(told[0], told[1]);
  await close();
});

test("sign-in: an authenticator is enrolled, its codes and each recovery code count once", async () => {
  const { page, close } = await person({ address });
  await givePassword(page, colleague);
  let step = await stepAfter(page, "");
  if (step === "newPassword") {
    await newPassword(page, colleague);
    step = await stepAfter(page, step);
  }
  assert.equal(step, "enrolment");
  assert.match(await page.locator(".qr path").getAttribute("d"), /^M4 4h7v1h-7z/); // the first finder's upper edge, behind the quiet zone
  await giveCode(page, "000000");
  await page.getByRole("alert").waitFor();
  await enrol(page, colleague);
  await page.locator(".recovery").waitFor();
  await keepRecoveryCodes(page, colleague);
  assert.equal(new Set(colleague.recovery).size, 10);
  if ((await stepAfter(page, "recovery")) === "newPassword") await newPassword(page, colleague); // set by who added the account
  await page.locator(".account summary").waitFor();
  await signOut(page);
  // A code that was used is refused, a recovery code taken.
  await givePassword(page, colleague);
  await page.getByRole("heading", { name: "確認コード" }).waitFor();
  await giveCode(page, colleague.recovery[0]);
  await page.locator(".account summary").waitFor();
  await signOut(page);
  await givePassword(page, colleague);
  await giveCode(page, colleague.recovery[0]);
  await page.getByRole("alert").waitFor();
  await giveCode(page, colleague.recovery[1]);
  await page.locator(".account summary").waitFor();
  await close();
});

async function signOut(page) {
  await page.locator(".account summary").click();
  await button(page, "サインアウト", "Sign out").click();
  await page.getByLabel("ログイン名").waitFor();
}

test("sign-in: the password is changed, but not to a weak one and not to two that differ", async () => {
  const { page, close } = await person({ address: `${address}#/account` });
  await signInAnew(page, colleague);
  await page.getByRole("heading", { level: 1, name: "アカウント設定" }).waitFor();
  await page.waitForLoadState("networkidle"); // and the heading has taken the focus: text that is filled in goes where it belongs
  const [first, second] = await page.locator('input[autocomplete="new-password"]').all();
  await page.locator('input[autocomplete="current-password"]').fill(colleague.password);
  await first.fill("長くて覚えやすい合言葉 one");
  await second.fill("長くて覚えやすい合言葉 two");
  await button(page, "変更する", "Change").click();
  await page.getByText("一致しません").waitFor();
  await first.fill("short");
  await second.fill("short");
  await button(page, "変更する", "Change").click();
  await page.getByRole("alert").waitFor();
  await newPassword(page, colleague, "長くて覚えやすい合言葉 three");
  await page.getByText("パスワードを変更しました").waitFor();
  await close();
});

test("sign-in: the language is switched, told to screen readers, and remembered", async () => {
  const { page, context, close } = await person({ address });
  assert.equal(await page.locator("html").getAttribute("lang"), "ja");
  await button(page, "English", "English").click();
  await page.getByLabel("Login name").waitFor();
  assert.equal(await page.locator("html").getAttribute("lang"), "en");
  const another = await context.newPage();
  await another.goto(address);
  await another.getByLabel("Login name").waitFor();
  assert.equal(await another.locator("html").getAttribute("lang"), "en");
  await close();
});

test("sign-in: when the session has ended one signs in again and is where one was, with what one wrote", async () => {
  const { page, context, close } = await person({ address });
  await signIn(page, sender);
  await page.getByLabel(text("件名", "Title")).fill("途中まで書いた件名");
  await context.clearCookies();
  await page.getByRole("link", { name: "送付履歴" }).click();
  await page.getByText("一定時間操作がなかったため").waitFor();
  await signInAnew(page, sender);
  await page.getByRole("heading", { level: 1, name: "送付履歴" }).waitFor();
  await page.getByRole("link", { name: "ファイルを送る" }).click();
  assert.equal(await page.getByLabel(text("件名", "Title")).inputValue(), "途中まで書いた件名");
  await close();
});
