// The console: what takes two people, what recipients ask for, the overview, the audit trail.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { about, carries, choose, confirm, held, office, open, statusOf } from "./console_test.mjs";
import { delivered } from "./mail.mjs";
import { site } from "./site.mjs";

const address = site.console;
const { reviewer, second, auditor, administrator } = site.office;
const kWaitMs = 60_000;
const kDocx = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
const stripped = { from: "kensetsu@stripped.example", files: [site.files.docx] }; // its file was taken away by policy

async function askLooser(page, item) {
  await open(page, item);
  await choose(page, "clean-again");
  await page.getByLabel("添付の扱い").selectOption("flatten");
  await page.locator(".decide-form textarea").last().fill("図面が業務に必要");
  await confirm(page);
  const link = page.getByRole("link", { name: /^提案 \d+ を開く$/ });
  await link.waitFor({ timeout: kWaitMs });
  await link.click();
  await page.getByText("自分の提案です").waitFor();
  return page.url();
}
const hasFile = (subject) => (mail) => about(subject)(mail) && mail.files.some((name) => /estimate/.test(name ?? ""));

test("console: what loosens the policy waits for another person, and comes as a reply in the same thread", async () => {
  const item = await held("規程を緩める", stripped);
  const one = await office(reviewer);
  const proposal = await askLooser(one.page, item);
  assert.equal(await one.page.getByRole("button", { name: "同意する" }).count(), 0);
  const number = proposal.split("/").at(-1);
  assert.equal(await statusOf(one.page, "POST", `/review/proposals/${number}/decision`, { decision: "agree", reason: "自分で" }), 403);
  const other = await office(second, "#/proposals");
  await other.page.getByRole("link", { name: new RegExp(item.subject) }).click();
  await other.page.getByText("図面が業務に必要").waitFor();
  await other.page.getByRole("button", { name: "同意する" }).click();
  await other.page.getByText("理由を入力してください").waitFor();
  await other.page.getByLabel("理由").fill("内容を確認した");
  await other.page.getByRole("button", { name: "同意する" }).click();
  await other.page.locator(".item-title .badge", { hasText: /実行/ }).waitFor();
  const [mail] = await delivered(hasFile(item.subject));
  assert.match(mail.subject, /^Re:/);
  assert.ok(mail.in_reply_to);
  await one.close();
  await other.close();
});

test("console: the second person refuses, and nothing leaves", async () => {
  const item = await held("断られるもの", stripped);
  const one = await office(reviewer);
  const proposal = await askLooser(one.page, item);
  const other = await office(second);
  await other.page.goto(proposal);
  await other.page.getByLabel("理由").fill("必要がない");
  await other.page.getByRole("button", { name: "断る" }).click();
  await other.page.locator(".item-title .badge", { hasText: "断った" }).waitFor();
  await one.close();
  await other.close();
});

test("console: in need the proposer acts alone, is asked twice, and it stands out", async () => {
  const item = await held("緊急のもの", stripped);
  const { page, close } = await office(reviewer);
  await askLooser(page, item);
  await page.getByRole("button", { name: /^緊急措置/ }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("理由").fill("災害対応のため");
  await dialog.getByRole("button", { name: /^緊急措置/ }).click();
  await dialog.getByText("確認の欄に印を付けてください").waitFor();
  await dialog.getByLabel("一人で実行することを理解しました").check();
  await dialog.getByRole("button", { name: /^緊急措置/ }).click();
  await page.locator(".item-title .badge", { hasText: "緊急措置" }).waitFor();
  await delivered(hasFile(item.subject));
  await close();
});

test("console: a sender is allowed for a time by two people, and it can be ended", async () => {
  const upstream = ["Authentication-Results: mx.city.example.jp; dmarc=pass header.from=stripped.example; spf=pass smtp.mailfrom=stripped.example"];
  const item = await held("許可する差出人", { ...stripped, headers: upstream }); // an allowance is for whom the upstream has proved
  const one = await office(reviewer);
  await open(one.page, item);
  await choose(one.page, "allow");
  await one.page.getByLabel("ファイルの種類").selectOption(kDocx);
  await one.page.getByLabel("期間（日）").fill("30");
  await one.page.locator(".decide-form textarea").last().fill("定期的な業務連絡");
  await confirm(one.page);
  const link = one.page.getByRole("link", { name: /^提案 \d+ を開く$/ });
  const proposal = `${address}${await link.getAttribute("href")}`;
  const other = await office(second);
  await other.page.goto(proposal);
  await other.page.getByLabel("理由").fill("内容を確認した");
  await other.page.getByRole("button", { name: "同意する" }).click();
  await other.page.locator(".item-title .badge", { hasText: /実行/ }).waitFor();
  await other.page.goto(`${address}#/allowances`);
  const row = other.page.locator(".file", { hasText: "kensetsu@stripped.example" });
  await row.getByText("有効").waitFor();
  await row.getByRole("button", { name: /^終える/ }).click();
  await other.page.getByRole("dialog").getByRole("button", { name: "終える" }).click();
  await row.getByText("終了").waitFor();
  await one.close();
  await other.close();
});

test("console: an administrator, who sees no items, finds what is kept and ends it; until then it cannot be deleted", async () => {
  const item = await held("保全を解くもの");
  const one = await office(reviewer);
  const path = `/review/items/${item.id}`;
  assert.equal(await statusOf(one.page, "PUT", `${path}/legal-hold`, { reason: "情報公開請求のため" }), 204);
  assert.equal(await statusOf(one.page, "POST", `${path}/decisions`, { kind: "delete", reason: "整理" }), 409);
  await one.page.goto(`${address}#/allowances`);
  await one.page.getByRole("link", { name: item.subject }).waitFor();
  assert.equal(await one.page.getByRole("button", { name: `保全を解く: ${item.subject}` }).count(), 0);
  const keeper = await office(administrator);
  await keeper.page.goto(`${address}#/allowances`);
  const row = keeper.page.locator(".file", { hasText: item.subject });
  await row.getByText("情報公開請求のため").waitFor();
  assert.equal(await row.getByRole("link").count(), 0);
  await row.getByRole("button", { name: /^保全を解く/ }).click();
  await keeper.page.getByRole("dialog").getByRole("button", { name: "保全を解く" }).click();
  await row.waitFor({ state: "detached" });
  await keeper.close();
  assert.equal(await statusOf(one.page, "POST", `${path}/decisions`, { kind: "delete", reason: "整理" }), 200);
  await one.close();
});

const letters = (wanted) => readdirSync(site.letters).filter((name) => name.endsWith(".json")).map((name) => JSON.parse(readFileSync(join(site.letters, name), "utf8"))).filter(wanted);

test("console: an original needs a reason, a destination that is allowed, and a second person; its password is shown once", { skip: !site.scans && "clamd is not installed" }, async () => {
  const item = await held("原本が要るもの");
  const one = await office(reviewer);
  await open(one.page, item);
  await one.page.getByRole("button", { name: /^原本の解放を求める/ }).click();
  const dialog = one.page.getByRole("dialog");
  await dialog.getByRole("button", { name: "二人目の確認を求める" }).click();
  await dialog.getByText("送り先を入力してください").waitFor();
  await dialog.getByLabel("送り先メールアドレス").fill("somebody@elsewhere.example");
  await dialog.getByLabel("理由").fill("証拠として必要");
  await dialog.getByRole("button", { name: "二人目の確認を求める" }).click();
  await dialog.getByRole("alert").last().waitFor(); // not an address that the configuration allows
  await dialog.getByLabel("送り先メールアドレス").fill("cert@forensic.example.jp");
  await dialog.getByRole("button", { name: "二人目の確認を求める" }).click();
  const link = one.page.getByRole("link", { name: /^提案 \d+ を開く$/ });
  await link.click();
  await one.page.getByText("自分の提案です").waitFor();
  assert.equal(await one.page.getByRole("button", { name: /^緊急措置/ }).count(), 0); // never for an original
  const number = one.page.url().split("/").at(-1);
  const glass = await statusOf(one.page, "POST", `/review/proposals/${number}/break-glass`, { reason: "できないはず" });
  assert.ok(glass >= 400 && glass < 500, String(glass));
  const other = await office(second);
  await other.page.goto(one.page.url());
  await other.page.getByText("cert@forensic.example.jp").waitFor();
  await other.page.getByLabel("理由").fill("内容を確認した");
  await other.page.getByRole("button", { name: "同意する" }).click();
  await other.page.locator(".item-title .badge", { hasText: /実行/ }).waitFor({ timeout: kWaitMs });
  const show = (page) => page.getByRole("button", { name: /^合言葉を表示する/ });
  assert.equal(await show(other.page).count(), 0); // the password is for him who asked
  assert.equal(await statusOf(other.page, "POST", `/review/proposals/${number}/password`), 404);
  for (let tries = 0; tries < 100 && !(await show(one.page).count()); ++tries) {
    await one.page.waitForTimeout(500);
    await one.page.reload();
    await one.page.locator(".facts").waitFor();
  }
  await show(one.page).click();
  await one.page.locator(".secret code").waitFor();
  const password = await one.page.locator(".secret code").innerText();
  for (let tries = 0; !letters(({ to }) => to === "cert@forensic.example.jp").length; ++tries) {
    assert.ok(tries < 300, "the sealed original did not arrive");
    await one.page.waitForTimeout(200);
  }
  for (const letter of letters(({ to }) => to === "cert@forensic.example.jp")) assert.ok(!letter.text.includes(password));
  await one.page.reload();
  await one.page.locator(".facts").waitFor();
  assert.equal(await show(one.page).count(), 0);
  await one.close();
  await other.close();
});

test("console: a deputy is named until a day, and dismissed", async () => {
  const { page, close } = await office(reviewer, "#/delegation");
  await page.getByLabel("任せる人のログイン名").fill(second.login);
  const until = new Date(Date.now() + 7 * 86_400_000).toISOString().slice(0, 10);
  await page.getByLabel("いつまで").fill(until);
  await page.getByRole("button", { name: "保存する" }).click();
  await page.getByText(new RegExp(`現在: ${second.login}`)).waitFor();
  await page.reload();
  await page.getByText(new RegExp(`現在: ${second.login}.*${until}`)).waitFor();
  await page.getByRole("button", { name: "代理をやめる" }).click();
  await page.getByText(/^現在: /).waitFor({ state: "detached" });
  await close();
});

// ---- what recipients ask for ----
const tokenOf = (mail) => /\/ask#([\w-]{20,})/.exec(mail.text)?.[1];
async function ask(page, item) {
  const [mail] = await delivered((one) => about(item.subject)(one) && tokenOf(one) !== undefined);
  const token = tokenOf(mail);
  const call = async (what, body) => (await fetch(`${site.pickUp}api/v1/doors/${what}`, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) })).json().catch(() => ({}));
  let door = {};
  for (let tries = 0; !door.parts && tries < 50; ++tries) {
    door = await call("open", { token });
    if (!door.parts) await page.waitForTimeout(200);
  }
  assert.ok(door.parts, JSON.stringify(door));
  await call("ask", { token, parts: door.parts.filter((part) => part.can_ask).map((part) => part.part) });
  await page.goto(`${address}#/requests`);
  await page.reload();
  for (let tries = 0; tries < 100 && !(await page.locator(".request", { hasText: item.subject }).count()); ++tries) {
    await page.waitForTimeout(500);
    await page.reload();
    await page.getByRole("heading", { level: 1 }).waitFor();
  }
  return page.locator(".request", { hasText: item.subject }).first();
}

test("console: what a recipient asks for is granted, and he has the clean mail; another is refused with words", async () => {
  const [good, bad] = [await held("請求に応じる"), await held("請求を断る", stripped)];
  const { page, close } = await office(reviewer);
  const first = await ask(page, good);
  await first.getByRole("button", { name: /^応じる/ }).click();
  await first.locator("form textarea").fill("確認しました。");
  await first.locator("form button.primary").click();
  await delivered(carries(good.subject));
  const other = await ask(page, bad);
  await other.getByRole("button", { name: /^断る/ }).click();
  await other.locator("form button.danger").click();
  await other.getByText("断る理由を入力してください").waitFor();
  await other.locator("form textarea").fill("安全を確認できませんでした。");
  await other.locator("form button.danger").click();
  await delivered((mail) => mail.text.includes("安全を確認できませんでした。"));
  await page.goto(`${address}#/requests/all`);
  await page.locator(".request", { hasText: bad.subject }).getByText("断った").waitFor();
  await close();
});

// ---- overview and audit ----
test("console: the overview has the figures of today, tables beside its charts, and a table for a spreadsheet", async () => {
  const item = await held("概況に数えられるもの");
  const sees = await office(auditor);
  await open(sees.page, item);
  await sees.page.goto(`${address}#/?q=${encodeURIComponent(item.subject.split(" ")[1])}`);
  await sees.page.locator(".item", { hasText: item.subject }).waitFor({ timeout: kWaitMs }); // counted with the index
  await sees.close();
  const { page, close } = await office(administrator, "#/overview");
  await page.locator(".tile", { hasText: "受付" }).first().waitFor();
  const received = Number((await page.locator(".tile", { hasText: "受付" }).first().locator("dd").innerText()).replaceAll(",", ""));
  assert.ok(received >= 1, String(received));
  await page.locator(".chart-table summary").first().click();
  await page.locator(".chart-table tbody tr").first().waitFor();
  const [began] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "CSV を保存: 日ごとの件数" }).click()]);
  assert.equal(readFileSync(await began.path()).subarray(0, 3).toString("hex"), "efbbbf");
  await page.locator(".health-part", { hasText: "無害化 (cleaner)" }).getByText("正常").waitFor();
  await page.getByLabel("期間").selectOption("7");
  await page.locator(".tile").first().waitFor();
  await close();
});

test("console: the monthly report is made and is a PDF of our own", async () => {
  const { page, close } = await office(administrator, "#/overview");
  await page.locator("section", { hasText: "月次報告書" }).locator("select").selectOption({ index: 0 });
  await page.getByRole("button", { name: "報告書を作る" }).click();
  const link = page.getByRole("link", { name: /の報告書 \(PDF\)$/ });
  await link.waitFor({ timeout: 120_000 });
  const head = await page.evaluate(async (where) => (await (await fetch(where)).text()).slice(0, 5), await link.getAttribute("href"));
  assert.equal(head, "%PDF-");
  await close();
});

test("console: the self-check sets evidence beside each clause", async () => {
  const { page, close } = await office(auditor, "#/self-check");
  await page.locator(".clauses .file").first().waitFor();
  assert.ok((await page.locator(".clauses .file").count()) >= 8);
  for (const evidence of await page.locator(".clauses .evidence").allInnerTexts()) assert.ok(evidence.trim().length > 3);
  await close();
});

test("console: the auditor finds who decided, takes the trail with him, and proves that it is whole", async () => {
  const { page, close } = await office(auditor, "#/audit");
  await page.getByLabel("操作した人").fill(reviewer.login);
  await page.locator(".entry", { hasText: reviewer.login }).first().waitFor();
  await page.getByLabel("出来事").fill("release");
  await page.locator(".entry", { hasText: "解放しました" }).first().waitFor();
  await page.waitForFunction(() => [...document.querySelectorAll(".entry-event code")].every((one) => one.textContent === "release"));
  const [began] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: /^書き出す/ }).click()]);
  const lines = readFileSync(await began.path(), "utf8").trim().split("\n");
  assert.ok(lines.length > 0 && lines.every((line) => JSON.parse(line)));
  await page.goto(`${address}#/audit/verify`);
  await page.getByRole("button", { name: "検証する" }).click();
  await page.locator(".verified", { hasText: "無害化 (cleaner)" }).getByText("改ざんなし").waitFor({ timeout: kWaitMs });
  assert.equal(await page.getByText("異常あり").count(), 0);
  await page.goto(`${address}#/audit/checkpoints`);
  await page.locator("table, main p").first().waitFor();
  await close();
  const keeper = await office(administrator, "#/audit");
  await keeper.page.locator(".entry").first().waitFor();
  assert.equal(await keeper.page.getByRole("link", { name: /^書き出す/ }).count(), 0);
  await keeper.close();
});
