// How the console looks and reads: every page, both languages, three widths, axe-core, weight.
import test from "node:test";
import { givePassword, person, picture, signIn, text } from "./browser.mjs";
import { choose, held, office, open } from "./console_test.mjs";
import { assertLightAndQuick, look, lookAt } from "./looking.mjs";
import { site } from "./site.mjs";

const address = site.console;
const { reviewer, auditor, administrator } = site.office;
const kPageBytesMax = 60 * 1024; // compressed
const kWaitMs = 60_000;

for (const language of ["ja", "en"]) {
  // An allowance is offered for whom the upstream has proved.
  const proof = "Authentication-Results: mx.city.example.jp; dmarc=pass header.from=held.example; spf=pass smtp.mailfrom=held.example";
  test(`appearance: every page of a reviewer (${language})`, async () => {
    const item = await held("令和8年度 庁舎清掃業務委託 御見積書の送付について", { files: [site.files.docx, site.files.passwordZip], headers: [proof] });
    const { page, close } = await person({ address, language });
    await page.locator("form").waitFor();
    await look(page, `${language}-console-sign-in`);
    await givePassword(page, { login: reviewer.login, password: "a wrong one" });
    await page.getByRole("alert").waitFor();
    await page.reload();
    await signIn(page, reviewer);
    await page.locator(".item", { hasText: item.subject }).waitFor({ timeout: kWaitMs });
    await look(page, `${language}-console-held`);
    await page.locator(".item input").first().check();
    await picture(page, `${language}-console-selected`, { fullPage: false });
    await look(page, `${language}-console-list-selected`);
    await page.locator(".selected-bar .primary").click();
    await page.getByRole("dialog").waitFor();
    await look(page, `${language}-console-bulk`);
    await page.keyboard.press("Escape");
    await page.keyboard.press("?");
    await page.getByRole("dialog").waitFor();
    await look(page, `${language}-console-keys`);
    await lookAt(page, `${address}#/?view=all&sender=yamada`, `${language}-console-found`, ".item, .card");
    await page.locator('button[aria-controls="filters"]').click();
    await look(page, `${language}-console-filters`);
    await open(page, item);
    await look(page, `${language}-console-item`);
    await page.getByRole("button", { name: text("無害化した姿を確認する", "Look at the clean result") }).click();
    await page.locator(".thumbnails img").first().waitFor({ timeout: kWaitMs });
    await page.waitForFunction(() => document.querySelector(".thumbnails img")?.naturalWidth > 100);
    await look(page, `${language}-console-looked`);
    for (const kind of ["clean-again", "without-part", "reject", "allow"]) {
      await choose(page, kind);
      await look(page, `${language}-console-${kind}`);
    }
    if (site.scans) {
      await page.locator('[data-kind="original"]').click();
      await page.getByRole("dialog").waitFor();
      await look(page, `${language}-console-original`);
      await page.keyboard.press("Escape");
    }
    await lookAt(page, `${address}#/requests/all`, `${language}-console-requests`, ".tabs");
    await lookAt(page, `${address}#/proposals/all`, `${language}-console-proposals`, ".list-row");
    await page.locator(".list-row").first().click();
    await page.locator(".facts").waitFor();
    await look(page, `${language}-console-proposal`);
    await lookAt(page, `${address}#/delegation`, `${language}-console-delegation`, "form");
    await lookAt(page, `${address}#/allowances`, `${language}-console-allowances`, ".file");
    await lookAt(page, `${address}#/nothing/here`, `${language}-console-not-found`, "h1");
    await close();
  });

  test(`appearance: every page of an auditor and an administrator (${language})`, async () => {
    const { page, close } = await office(auditor, "", { language });
    await lookAt(page, `${address}#/audit`, `${language}-console-audit`, ".entry");
    await page.goto(`${address}#/audit/verify`);
    await page.locator("main button.primary").click();
    await page.locator(".verified").first().waitFor({ timeout: kWaitMs });
    await look(page, `${language}-console-verified`);
    await lookAt(page, `${address}#/audit/checkpoints`, `${language}-console-checkpoints`, "table, main p");
    await lookAt(page, `${address}#/self-check`, `${language}-console-self-check`, ".clauses");
    await close();
    const keeper = await office(administrator, "", { language });
    await keeper.page.locator(".chart svg").first().waitFor();
    await keeper.page.locator(".health-part").first().waitFor();
    await look(keeper.page, `${language}-console-overview`);
    await lookAt(keeper.page, `${address}#/requests`, `${language}-console-wrong-role`, "h1");
    await keeper.close();
  });
}

test("appearance: the first view of the console is light and quick", () => assertLightAndQuick(address, kPageBytesMax));
