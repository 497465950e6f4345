// The drop box: choosing, uploading through trouble, sending, following.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { button, person, signIn, text } from "./browser.mjs";
import { line } from "./line.mjs";
import { site } from "./site.mjs";

const address = site.dropBox;
const { sender, auditor } = site.outside;
const { staff } = site.closed;
const kSettledMs = 120_000; // from sending to the last state

export async function choose(page, files) {
  await page.locator("input[type=file]:not([webkitdirectory])").setInputFiles(files);
}
export async function uploaded(page, count, timeout = 60_000) {
  await page.waitForFunction((wanted) => document.querySelectorAll(".progress-done").length === wanted, count, { timeout });
}
export async function addressTo(page, ...mails) {
  const field = page.getByLabel(text("受取人", "Recipients")).last();
  await field.fill(mails.join(", "));
  await field.press("Enter");
}
export async function send(page) {
  await page.locator(".send button.primary").click();
  await page.waitForURL(/#\/sent\/[0-9a-f-]{36}$/);
}
// The badge of a file on the page of what was sent.
export const stateOf = (page, name) => page.locator(".file", { hasText: name }).locator(".badge");

// The picture of a page in the dialog: it came and has the shape of a sheet.
export async function pageShown(page) {
  const picture = page.locator("dialog .preview-picture img");
  await picture.waitFor();
  await page.waitForFunction(() => document.querySelector("dialog .preview-picture img")?.naturalWidth > 300);
  const [width, height] = await picture.evaluate((shown) => [shown.naturalWidth, shown.naturalHeight]);
  assert.ok(Math.max(width, height) / Math.min(width, height) < 1.6, `${width} × ${height}`);
}

async function sending(language = "ja") {
  const one = await person({ address, language });
  await signIn(one.page, sender);
  return one;
}

test("drop box: a document, a ZIP with its password and a bomb are sent and followed to their ends without reloading", async () => {
  const { page, close } = await sending();
  await choose(page, [site.files.docx, site.files.passwordZip, site.files.bomb]);
  await page.getByRole("button", { name: /パスワードを入力: secret/ }).click();
  await page.getByLabel(/「secret.*」のパスワード$/).fill(site.files.zipPassword);
  await addressTo(page, staff.mail);
  await page.getByLabel(text("件名", "Title")).fill("三つのファイル");
  await uploaded(page, 3);
  await send(page);
  await page.evaluate(() => { window.notReloaded = true; });
  for (const [name, state] of [["estimate.docx", /受取可能|受取済み/], ["secret.zip", /受取可能|受取済み/], ["bomb.zip", /保留/]])
    await stateOf(page, name).filter({ hasText: state }).waitFor({ timeout: kSettledMs });
  assert.ok(await page.locator(".file", { hasText: "bomb.zip" }).locator(".finding").count(), "why the bomb is held is told");
  assert.equal(await page.evaluate(() => window.notReloaded), true);
  await page.getByRole("button", { name: /変換結果を見る: estimate/ }).click();
  await pageShown(page);
  await page.keyboard.press("Escape");
  await page.locator("dialog").waitFor({ state: "detached" });
  assert.match(await page.evaluate(() => document.activeElement.getAttribute("aria-label") ?? ""), /estimate/); // one is where one was
  await page.getByRole("link", { name: /一覧へ戻る/ }).click();
  await page.getByRole("link", { name: /三つのファイル/ }).first().waitFor();
  await close();
});

test("drop box: an upload is paused and resumed", async () => {
  const { page, slow, close } = await sendingSlowly("paused.txt", 12, 6);
  const row = page.locator(".file", { hasText: "paused.txt" });
  await row.getByText(/送信中 [1-9]/).waitFor();
  await row.getByRole("button", { name: /一時停止/ }).click();
  const paused = await row.locator(".progress-text").innerText();
  assert.match(paused, /一時停止中/);
  await page.waitForTimeout(1500);
  assert.equal(await row.locator(".progress-text").innerText(), paused);
  slow.setRate(1000);
  await row.getByRole("button", { name: /再開/ }).click();
  await uploaded(page, 1);
  await close();
});

test("drop box: an upload goes on by itself after three broken connections, where it stood", async () => {
  const { page, slow, close } = await sendingSlowly("broken.txt", 60, 16);
  const offsets = [];
  page.on("request", (request) => { if (request.method() === "PATCH") offsets.push(Number(request.headers()["upload-offset"])); });
  for (const percent of [15, 45, 75]) {
    await page.waitForFunction((wanted) => (document.querySelector("progress")?.value ?? 0) >= wanted, percent, { timeout: 60_000 });
    slow.cut();
    await page.getByText(/接続を待っています/).waitFor();
  }
  slow.setRate(1000);
  await uploaded(page, 1);
  assert.ok(offsets.length >= 3, `${offsets.length} requests`);
  for (let at = 0; at < offsets.length; ++at) assert.ok(offsets[at] > (offsets[at - 1] ?? -1), `it began anew or stood still: ${offsets}`);
  await addressTo(page, staff.mail);
  await send(page);
  await stateOf(page, "broken.txt").filter({ hasText: /受取可能|保留/ }).waitFor({ timeout: kSettledMs });
  await close();
});

test("drop box: after the page was closed in the midst, the same file goes on where it stood", async () => {
  const { page, slow, file, close } = await sendingSlowly("closed.txt", 24, 16);
  await page.waitForFunction(() => (document.querySelector("progress")?.value ?? 0) >= 30, null, { timeout: 60_000 });
  await page.reload();
  slow.setRate(1000);
  const created = [];
  page.on("request", (request) => { if (request.method() === "POST" && /\/uploads$/.test(request.url())) created.push(request.url()); });
  await page.locator(".zone").waitFor();
  await choose(page, file.path);
  await uploaded(page, 1);
  assert.deepEqual(created, []);
  await close();
});

test("drop box: names and messages that look like markup are shown as what they are", async () => {
  const { page, close } = await sending();
  const name = "<img src=x onerror=alert(1)>&amp;.txt";
  await choose(page, { name, mimeType: "text/plain", buffer: Buffer.from("text") });
  await page.getByLabel(text("メッセージ", "Message")).fill("<script>alert(2)</script>\n'\"><svg onload=alert(3)>");
  await addressTo(page, staff.mail);
  await uploaded(page, 1);
  await send(page);
  assert.equal(await page.locator(".file .file-name").innerText(), name);
  assert.equal(await page.locator(".message").innerText(), "<script>alert(2)</script>\n'\"><svg onload=alert(3)>");
  assert.equal(await page.locator("main img, main script").count(), 0);
  await close();
});

test("drop box: a folder's files keep their folder's name", async () => {
  const { page, close } = await sending();
  await page.locator("input[webkitdirectory]").setInputFiles(site.files.folder);
  await uploaded(page, 2);
  const names = await page.locator(".file-name").allInnerTexts();
  assert.ok(names.every((name) => /^[^/]+\/./.test(name)), String(names));
  await close();
});

test("drop box: nothing is sent without a file, without a recipient, or to what is no address", async () => {
  const { page, close } = await sending();
  const posts = [];
  page.on("request", (request) => { if (request.method() === "POST" && /\/submissions$/.test(request.url())) posts.push(request.url()); });
  const asked = () => page.locator(".send button.primary").press("Enter"); // it can be reached, and says what is missing
  await asked();
  await page.getByText("ファイルを追加してください").first().waitFor();
  await choose(page, { name: "a.txt", mimeType: "text/plain", buffer: Buffer.from("a") });
  await uploaded(page, 1);
  await asked();
  await page.getByText("受取人を入力してください").first().waitFor();
  await addressTo(page, "これは宛先ではない");
  await page.getByText("メールアドレスの形ではありません").waitFor();
  assert.deepEqual(posts, []);
  await addressTo(page, staff.mail);
  await send(page);
  assert.equal(posts.length, 1);
  await close();
});

test("drop box: a file that is removed is gone, and the same one twice counts once", async () => {
  const { page, close } = await sending();
  const one = bigFileOnDisk("twice.txt", 0.01);
  await choose(page, one.path);
  await choose(page, one.path);
  await page.getByText("追加済み").waitFor();
  assert.equal(await page.locator(".file").count(), 1);
  await uploaded(page, 1);
  const gone = page.waitForResponse((response) => response.request().method() === "DELETE");
  await page.getByRole("button", { name: /外す: twice/ }).click();
  assert.equal((await gone).status(), 204);
  assert.equal(await page.locator(".file").count(), 0);
  one.remove();
  await close();
});

test("drop box: all of it works from the keyboard", async () => {
  const { page, close } = await sending();
  await choose(page, { name: "keys.txt", mimeType: "text/plain", buffer: Buffer.from("keys") }); // the browser's own file dialog is no page of ours
  await uploaded(page, 1);
  await page.getByRole("button", { name: "ファイルを選ぶ" }).focus();
  const reached = [];
  for (let presses = 0; presses < 30 && !reached.includes("送る"); ++presses) {
    await page.keyboard.press("Tab");
    const here = await page.evaluate(() => {
      const one = document.activeElement;
      const style = getComputedStyle(one);
      return { name: one.getAttribute("aria-label") ?? one.labels?.[0]?.innerText ?? one.innerText, outlined: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2 };
    });
    assert.ok(here.outlined, `the focus is not to be seen on ${here.name}`);
    reached.push(here.name.trim());
    if (here.name.startsWith("受取人")) {
      await page.keyboard.type(staff.mail);
      await page.keyboard.press("Enter");
    }
  }
  await page.keyboard.press("Enter");
  await page.waitForURL(/#\/sent\//);
  for (const name of ["フォルダーを選ぶ", "外す: keys.txt"]) assert.ok(reached.includes(name), `${name} in ${reached}`);
  await close();
});

test("drop box: who has no right to it is told so plainly", async () => {
  const { page, close } = await person({ address });
  await signIn(page, auditor);
  await page.getByRole("heading", { level: 1, name: "このページを使う権限がありません" }).waitFor();
  assert.equal(await page.locator(".zone").count(), 0);
  await close();
});

// ---- files and connections as needed ----
function bigFileOnDisk(name, megabytes) {
  const folder = mkdtempSync(join(tmpdir(), "kiyome-browser-"));
  const path = join(folder, name);
  writeFileSync(path, Buffer.alloc(megabytes * 1e6, "清めの試験 0123456789\n"));
  return { path, remove: () => rmSync(folder, { recursive: true }) };
}
// On a line of so many megabytes a second, so that there is a midst; the file is on its way.
async function sendingSlowly(name, megabytes, megabytesPerSecond) {
  const slow = await line(address, megabytesPerSecond);
  const one = await person({ address: slow.address });
  await signIn(one.page, sender);
  const file = bigFileOnDisk(name, megabytes);
  await choose(one.page, file.path);
  const close = async () => {
    await one.close();
    await slow.close();
    file.remove();
  };
  return { page: one.page, slow, file, close };
}
