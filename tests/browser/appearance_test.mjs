// How every page looks and reads: axe-core, widths, languages, print, weight. Pictures go to KIYOME_BROWSER_PICTURES.
import assert from "node:assert/strict";
import test from "node:test";
import { assertAccessible, button, givePassword, person, picture, signIn, text } from "./browser.mjs";
import { addressTo, choose, pageShown, uploaded } from "./drop_box_test.mjs";
import { askForCode, giveCode as giveInvitationCode, invite, inviting, row } from "./invitation_test.mjs";
import { assertLightAndQuick, look, lookAt } from "./looking.mjs";
import { site } from "./site.mjs";

const kPageBytesMax = 150 * 1024; // compressed

for (const language of ["ja", "en"]) {
  test(`appearance: every page of the drop box (${language})`, async () => {
    const { page, close } = await person({ address: site.dropBox, language });
    await page.locator("form").waitFor();
    await look(page, `${language}-sign-in`);
    await givePassword(page, { login: site.outside.sender.login, password: "a wrong one" });
    await page.getByRole("alert").waitFor();
    await look(page, `${language}-sign-in-refused`);
    await givePassword(page, site.outside.sender);
    await page.locator('input[autocomplete="one-time-code"]').waitFor();
    await look(page, `${language}-second-factor`);
    await signIn(page, site.outside.sender);
    await page.locator(".zone").waitFor();
    await look(page, `${language}-send`);
    await choose(page, [site.files.docx, site.files.passwordZip]);
    await page.getByRole("button", { name: text("パスワードを入力: secret", "Enter a password: secret") }).click();
    await addressTo(page, site.closed.staff.mail, site.closed.approver.mail);
    await uploaded(page, 2);
    await look(page, `${language}-send-files`);
    await lookAt(page, `${site.dropBox}#/sent`, `${language}-sent`, ".list-row");
    await page.getByRole("link", { name: /三つのファイル/ }).first().click();
    await page.locator(".file").first().waitFor();
    await look(page, `${language}-sent-one`);
    await page.getByRole("button", { name: text("変換結果を見る: estimate", "Look at the result: estimate") }).click();
    await pageShown(page);
    await look(page, `${language}-sent-pages`);
    await page.keyboard.press("Escape");
    await page.locator(".account summary").click();
    await look(page, `${language}-menu`);
    await lookAt(page, `${site.dropBox}#/account`, `${language}-account`, ".facts");
    await button(page, "認証アプリの登録", "Set up your authenticator").click();
    await page.locator(".qr, .notice-warn").first().waitFor();
    await look(page, `${language}-enrolment`);
    await lookAt(page, `${site.dropBox}#/nothing/here`, `${language}-not-found`, "h1");
    await close();
  });

  test(`appearance: every page of an invitation (${language})`, async () => {
    const mail = `${language}-looked-at@outside.example`;
    const host = await inviting(language);
    const link = await invite(host.page, mail, "図面一式をお送りください。\nよろしくお願いします。");
    await look(host.page, `${language}-invitations`);
    await row(host.page, mail).getByRole("button").click();
    await row(host.page, mail).locator(".confirm").waitFor();
    await look(host.page, `${language}-revoke`);
    const { page, close } = await person({ address: link, language });
    await button(page, "確認番号を送る", "Send the code").waitFor();
    await look(page, `${language}-invited`);
    const code = await askForCode(page, mail);
    await look(page, `${language}-invited-code`);
    await giveInvitationCode(page, code === "000000" ? "000001" : "000000");
    await page.getByRole("alert").waitFor();
    await look(page, `${language}-invited-wrong-code`);
    await giveInvitationCode(page, code);
    await page.locator(".zone").waitFor();
    await look(page, `${language}-guest-send`);
    await page.locator(".account summary").click();
    await look(page, `${language}-guest-menu`);
    await row(host.page, mail).locator(".danger").click();
    await row(host.page, mail).locator(".confirm").waitFor({ state: "detached" }); // it is revoked
    await page.goto(`${site.dropBox}#/sent`);
    await button(page, "確認番号を送る", "Send the code").waitFor();
    await look(page, `${language}-guest-ended`);
    await button(page, "確認番号を送る", "Send the code").click();
    await page.getByRole("heading", { level: 1, name: text("この招待は使えません", "This invitation cannot be used") }).waitFor();
    await look(page, `${language}-invitation-dead`);
    await close();
    await host.close();
  });

  test(`appearance: every page of the pick-up (${language})`, async () => {
    const { page, close } = await person({ address: site.pickUp, language });
    await signIn(page, site.closed.staff);
    await page.locator(".list-row").first().waitFor();
    await look(page, `${language}-inbox`);
    await page.getByRole("link", { name: /三つのファイル/ }).first().click();
    await page.locator(".file").first().waitFor();
    await look(page, `${language}-delivery`);
    await page.getByRole("button", { name: text("プレビュー", "Preview") }).first().click();
    await page.waitForTimeout(1500);
    await assertAccessible(page, "preview");
    await picture(page, `${language}-preview`, { fullPage: false });
    await page.keyboard.press("Escape");
    await page.goto(site.pickUp);
    await page.getByRole("link", { name: /閲覧だけのもの/ }).first().click();
    await look(page, `${language}-view-only`);
    await page.getByRole("button", { name: text("画面で見る", "View (") }).first().click();
    await pageShown(page);
    await look(page, `${language}-view-only-page`);
    await close();
    const superior = await person({ address: site.pickUp, language });
    await signIn(superior.page, site.closed.approver);
    await lookAt(superior.page, `${site.pickUp}#/approvals`, `${language}-approvals`, ".tabs");
    await lookAt(superior.page, `${site.pickUp}#/approvals/decided`, `${language}-decided`, ".list-row");
    await lookAt(superior.page, `${site.pickUp}#/delegation`, `${language}-delegation`, "select");
    await superior.close();
  });
}

test("appearance: on paper there are no buttons and menus, and nothing is lost", async () => {
  const { page, close } = await person({ address: site.pickUp });
  await signIn(page, site.closed.staff);
  await page.getByRole("link", { name: /三つのファイル/ }).first().click();
  await page.locator(".file").first().waitFor();
  await page.emulateMedia({ media: "print" });
  assert.equal(await page.locator("header.top").isVisible(), false);
  assert.equal(await page.getByRole("button").filter({ visible: true }).count(), 0);
  for (const shown of [page.getByRole("heading", { level: 1 }), page.locator(".facts"), page.locator(".file").first()]) assert.ok(await shown.isVisible());
  await close();
});

for (const address of [site.dropBox, site.pickUp])
  test(`appearance: the first view of ${address} is light and quick`, () => assertLightAndQuick(address, kPageBytesMax));
