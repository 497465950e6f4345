// The pick-up: approving as another person on the other side, picking up, searching, wrong roles.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { button, person, signIn, text } from "./browser.mjs";
import { addressTo, choose, pageShown, send, stateOf, uploaded } from "./drop_box_test.mjs";
import { site } from "./site.mjs";

const kArrivesMs = 120_000;
const { staff, approver, auditor } = site.closed;

async function sendOne(title, file, importance) {
  const { page, close } = await person({ address: site.dropBox });
  await signIn(page, site.outside.sender);
  await choose(page, file);
  await addressTo(page, staff.mail);
  await page.getByLabel(text("件名", "Title")).fill(title);
  if (importance) await page.getByRole("radio", { name: importance, exact: true }).check();
  await uploaded(page, 1);
  await send(page);
  return { page, close };
}
async function at(someone, where = "") {
  const one = await person({ address: `${site.pickUp}${where}` });
  await signIn(one.page, someone);
  return one;
}
async function open(page, title) {
  await page.getByRole("link", { name: new RegExp(title) }).first().click();
  await page.getByRole("heading", { level: 1, name: title }).waitFor();
}
async function download(page, name) {
  const [began] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name }).first().click()]);
  return readFileSync(await began.path());
}

test("pick-up: a file that needs an approval is seen and approved by another person, then picked up, which the sender sees", async () => {
  const title = `承認の要るもの ${Date.now()}`;
  const sent = await sendOne(title, site.files.docx, site.approvalImportance);
  await stateOf(sent.page, "estimate.docx").filter({ hasText: "承認待ち" }).waitFor({ timeout: kArrivesMs });

  const receiver = await at(staff);
  await open(receiver.page, title);
  await receiver.page.getByText("上長の承認を待っています").waitFor();
  assert.equal(await receiver.page.getByRole("link", { name: /ダウンロード/ }).count(), 0);
  assert.equal(await receiver.page.locator(".decision").count(), 0);

  const superior = await at(approver, "#/approvals");
  await superior.page.goto(`${site.pickUp}#/approvals`);
  await open(superior.page, title);
  const shown = superior.page.waitForResponse((response) => /preview=true/.test(response.url()));
  await superior.page.getByRole("button", { name: /プレビュー/ }).first().click();
  assert.equal((await shown).status(), 200);
  await button(superior.page, "閉じる", "Close").click();
  await button(superior.page, "承認する", "Approve").click();
  await superior.page.locator(".notice-good", { hasText: "承認済み" }).waitFor();
  await superior.close();

  await receiver.page.reload();
  const octets = await download(receiver.page, /ダウンロード: /);
  assert.equal(octets.subarray(0, 5).toString(), "%PDF-");
  await receiver.page.getByText(/に受取済み/).waitFor();
  await receiver.close();
  await stateOf(sent.page, "estimate.docx").filter({ hasText: "受取済み" }).waitFor({ timeout: kArrivesMs });
  await sent.close();
});

test("pick-up: what is returned needs a reason, and the sender sees that it was returned", async () => {
  const title = `差し戻すもの ${Date.now()}`;
  const sent = await sendOne(title, site.files.text, site.approvalImportance);
  await stateOf(sent.page, "note.txt").filter({ hasText: "承認待ち" }).waitFor({ timeout: kArrivesMs });
  const { page, close } = await at(approver, "#/approvals");
  await page.goto(`${site.pickUp}#/approvals`);
  await open(page, title);
  await button(page, "差し戻す", "Return").click();
  await page.getByText("差し戻す理由を入力してください").waitFor();
  await page.getByLabel("コメント").fill("宛先が違います。");
  await button(page, "差し戻す", "Return").click();
  await page.locator(".notice-warn", { hasText: "宛先が違います。" }).waitFor();
  await page.goto(`${site.pickUp}#/approvals/decided`);
  await page.getByRole("link", { name: new RegExp(title) }).waitFor();
  await close();
  await stateOf(sent.page, "note.txt").filter({ hasText: "差し戻し" }).waitFor({ timeout: kArrivesMs });
  await sent.close();
});

test("pick-up: what policy only lets people look at is shown page by page and cannot be had", async () => {
  const title = `閲覧だけのもの ${Date.now()}`;
  const sent = await sendOne(title, site.files.viewed);
  await stateOf(sent.page, "roster.xlsx").filter({ hasText: "保留" }).waitFor({ timeout: kArrivesMs });
  await sent.page.getByText("画面での閲覧のみ").waitFor();
  await sent.close();
  const { page, close } = await at(staff);
  await open(page, title);
  await page.getByText("ダウンロードはできません").waitFor();
  assert.equal(await page.getByRole("link", { name: /ダウンロード/ }).count(), 0);
  const delivery = page.url().split("/").at(-1);
  assert.equal(await page.evaluate(async (id) => (await fetch(`/api/v1/deliveries/${id}/files/0`)).status, delivery), 403);
  await page.getByRole("button", { name: /画面で見る/ }).click();
  await pageShown(page);
  await page.getByText(/^1 \/ \d+ ページ$/).waitFor();
  await button(page, "閉じる", "Close").click();
  await page.getByText("閲覧済み").waitFor();
  await close();
});

test("pick-up: found by its sender and its name, told who sent it and what became of it, taken as one ZIP", async () => {
  const { page, close } = await at(staff);
  await page.getByRole("searchbox").fill("三つのファイル");
  await page.getByRole("link", { name: /三つのファイル/ }).first().waitFor();
  await page.getByRole("searchbox").fill("nothing is called like this");
  await page.getByText("一致するものはありません").waitFor();
  await page.getByRole("searchbox").fill("estimate.docx");
  await open(page, "三つのファイル");
  await page.getByText(site.outside.sender.mail).first().waitFor();
  await page.getByText(/あと \d+ /).first().waitFor();
  assert.equal(await page.locator(".file", { hasText: "bomb.zip" }).locator(".badge").innerText(), "保留");
  const octets = await download(page, /すべてダウンロード/);
  assert.equal(octets.subarray(0, 4).toString("latin1"), "PK\u0003\u0004");
  await page.getByText(/に受取済み/).first().waitFor();
  await close();
});

test("pick-up: markup in names and messages is shown as what it is here, too", async () => {
  const { page, close } = await at(staff);
  await page.getByRole("searchbox").fill("onerror");
  await page.locator(".list-row", { hasText: "onerror=alert(1)" }).first().click();
  await page.locator(".facts .message").waitFor();
  assert.match(await page.locator(".facts .message").innerText(), /<script>alert\(2\)<\/script>/);
  assert.equal(await page.locator("main img, main script").count(), 0);
  await close();
});

test("pick-up: a deputy is named until a day, and dismissed", async () => {
  const { page, close } = await at(approver, "#/delegation");
  await page.goto(`${site.pickUp}#/delegation`);
  const deputy = page.getByLabel("代理の人");
  const choice = await deputy.locator("option").nth(1).getAttribute("value");
  await deputy.selectOption(choice);
  const until = new Date(Date.now() + 7 * 86_400_000).toISOString().slice(0, 10);
  await page.getByLabel(/いつまで/).fill(until);
  await button(page, "保存する", "Save").click();
  await page.getByText(new RegExp(`現在: .*${until}`)).waitFor();
  await page.reload();
  await page.getByText(new RegExp(`現在: .*${until}`)).waitFor();
  await button(page, "代理をやめる", "End the delegation").click();
  await page.getByText(/現在: /).waitFor({ state: "detached" });
  await close();
});

test("pick-up: staff see no approvals but those given to them, an auditor no files of others, and neither learns what is there", async () => {
  const one = await at(staff, "#/approvals");
  await one.page.goto(`${site.pickUp}#/approvals`);
  await one.page.getByText("承認を待っているものはありません").waitFor(); // a deputy may be anybody of the staff
  assert.equal(await one.page.locator(".list-row").count(), 0);
  assert.equal(await one.page.getByRole("link", { name: "承認", exact: true }).count(), 0);
  await one.page.goto(`${site.pickUp}#/deliveries/01890000-0000-7000-8000-000000000000`);
  await one.page.getByRole("heading", { level: 1, name: "見つかりません" }).waitFor();
  await one.close();
  const other = await at(auditor);
  await other.page.getByText("受け取ったファイルはありません").waitFor();
  await other.page.goto(`${site.pickUp}#/approvals`);
  await other.page.getByRole("heading", { level: 1 }).filter({ hasText: /承認|権限がありません/ }).waitFor();
  assert.equal(await other.page.locator(".list-row").count(), 0);
  await other.close();
});
