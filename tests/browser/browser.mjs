// A real Chromium with a person in front of it: pages that are watched for errors, axe-core, screenshots, codes of an authenticator.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { chromium } from "playwright-core";

const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const pictures = process.env.KIYOME_BROWSER_PICTURES ?? ""; // folder; empty: none are taken
const kTimeoutMs = 30_000; // of one wait

let running;
export async function browser() {
  running ??= await chromium.launch({
    executablePath: process.env.KIYOME_BROWSER ?? "/usr/bin/chromium",
    headless: false, // the flag below is Chromium's own new headless mode, which shows PDFs as a window does
    args: ["--headless=new", "--disable-gpu", "--hide-scrollbars", "--lang=ja", ...(process.getuid?.() === 0 ? ["--no-sandbox"] : [])],
  });
  return running;
}
export async function closeBrowser() {
  await running?.close();
  running = undefined;
}

// Somebody at a computer of his own. `faults` collects what must not happen: errors of scripts, of the content policy,
// answers of 500 and above. `close` asserts that there were none.
export async function person({ address, language = "ja", size = { width: 1280, height: 900 }, scale = 1 }) {
  const context = await (await browser()).newContext({ viewport: size, deviceScaleFactor: scale, locale: "ja-JP", timezoneId: "Asia/Tokyo", ignoreHTTPSErrors: true, acceptDownloads: true });
  context.setDefaultTimeout(kTimeoutMs);
  const faults = [];
  if (language === "en") await context.addInitScript(() => window.top === window && localStorage.setItem("kiyome.language", "en"));
  await context.addInitScript(() => document.addEventListener("securitypolicyviolation", (event) => console.error(`content policy: ${event.violatedDirective} ${event.blockedURI}`)));
  const page = await context.newPage();
  page.on("pageerror", (error) => faults.push(String(error)));
  page.on("console", (message) => {
    // Chromium itself writes a line for each refused request; answers are judged below.
    if (message.type() === "error" && !message.text().startsWith("Failed to load resource")) faults.push(message.text());
  });
  page.on("response", (response) => {
    if (response.status() >= 500) faults.push(`${response.status()} ${response.url()}`);
  });
  page.on("dialog", (dialog) => {
    if (dialog.type() !== "beforeunload") faults.push(`dialog: ${dialog.message()}`);
    void dialog.accept();
  });
  await page.goto(address);
  const close = async () => {
    await context.close();
    assert.deepEqual(faults, []);
  };
  return { page, context, faults, close };
}

// ---- RFC 6238 ----
export function codeOf(secret, now = Date.now()) {
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const bits = [...secret.replace(/[\s=]/g, "").toUpperCase()].map((letter) => letters.indexOf(letter).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from(bits.match(/.{8}/g).map((octet) => Number.parseInt(octet, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(now / 30_000)));
  const digest = createHmac("sha1", key).update(counter).digest();
  const at = digest[19] & 15;
  return String((digest.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}

// No code counts twice: whoever signs in again with the same secret waits for the next.
const usedSteps = new Map();
export async function freshCode(secret) {
  const step = () => Math.floor(Date.now() / 30_000);
  // One step ahead counts, too, so that two sign-ins need no waiting.
  let wanted = Math.max(step(), (usedSteps.get(secret) ?? 0) + 1);
  while (wanted > step() + 1) await new Promise((resolve) => setTimeout(resolve, 500));
  usedSteps.set(secret, wanted);
  return codeOf(secret, wanted * 30_000);
}

// ---- signing in, in either language ----
const escaped = (words) => words.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
// A name that begins so, in Japanese or in English.
export const text = (japanese, english) => new RegExp(`^\\s*(${escaped(japanese)}|${escaped(english)})`);
export const button = (page, japanese, english) => page.getByRole("button", { name: text(japanese, english) });

export async function givePassword(page, { login, password }) {
  await page.getByLabel(text("ログイン名", "Login name")).fill(login);
  await page.locator('input[autocomplete="current-password"]').fill(password);
  await button(page, "サインイン", "Sign in").click();
}

const kSteps = {
  signedIn: ".account summary",
  enrolment: ".qr",
  recovery: ".recovery",
  newPassword: 'input[autocomplete="new-password"]',
  secondFactor: 'input[autocomplete="one-time-code"]',
};
async function stepOf(page) {
  await page.locator(Object.values(kSteps).join(", ")).first().waitFor();
  for (const [step, selector] of Object.entries(kSteps)) if (await page.locator(selector).first().isVisible()) return step;
  return undefined; // it has just gone
}

// Who has signed in before at this site comes with the same cookies: no code counts twice, and the next one takes half a
// minute. Else, or when they count no more, every step that the server asks for.
export async function signIn(page, someone) {
  if (someone.cookies) {
    await page.context().addCookies(someone.cookies);
    await page.reload();
    await page.locator(`${kSteps.signedIn}, input[autocomplete="username"]`).first().waitFor();
    if (await page.locator(kSteps.signedIn).isVisible()) return;
  }
  await signInAnew(page, someone);
  someone.cookies = await page.context().cookies();
}

// Enrols where that is wanted, and remembers what it is given.
export async function signInAnew(page, someone) {
  await givePassword(page, someone);
  for (let before = ""; ; ) {
    const step = await stepAfter(page, before);
    if (step === "signedIn") return;
    if (step === "enrolment") await enrol(page, someone);
    if (step === "recovery") await keepRecoveryCodes(page, someone);
    if (step === "newPassword") await newPassword(page, someone);
    if (step === "secondFactor") await giveCode(page, await freshCode(someone.secret));
    before = step;
  }
}

// The step that follows `before`; no step comes twice.
export async function stepAfter(page, before) {
  const deadline = Date.now() + kTimeoutMs;
  for (;;) {
    const step = await stepOf(page);
    if (step && step !== before) return step;
    assert.ok(Date.now() < deadline, `it does not get past ${before}`);
    await page.waitForTimeout(50);
  }
}

export async function giveCode(page, code) {
  await page.locator('input[autocomplete="one-time-code"]').fill(code);
  await button(page, "確認する", "Confirm").click();
}
export async function enrol(page, someone) {
  someone.secret = (await page.locator(".secret").innerText()).replace(/\s/g, "");
  await giveCode(page, await freshCode(someone.secret));
}
export async function keepRecoveryCodes(page, someone) {
  someone.recovery = await page.locator(".recovery code").allInnerTexts();
  await button(page, "保管しました", "I have kept").click();
}
export async function newPassword(page, someone, next = `${someone.password} 改`) {
  await page.locator('input[autocomplete="current-password"]').fill(someone.password);
  for (const field of await page.locator('input[autocomplete="new-password"]').all()) await field.fill(next);
  await button(page, "変更する", "Change").click();
  someone.password = next;
}

// ---- looking ----
export async function picture(page, name, options = {}) {
  if (!pictures) return;
  mkdirSync(pictures, { recursive: true });
  await page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true, ...options });
}

// Findings of axe-core that matter to somebody who needs more than a mouse and good eyes.
export async function assertAccessible(page, name) {
  await page.evaluate(axeSource);
  const violations = await page.evaluate(async () => {
    const answer = await globalThis.axe.run(document, { resultTypes: ["violations"], iframes: false });
    return answer.violations.map(({ id, impact, nodes }) => ({ id, impact, where: nodes.slice(0, 3).map((node) => node.html.slice(0, 160)) }));
  });
  assert.deepEqual(violations.filter(({ impact }) => impact !== "minor"), [], `axe-core on ${name}`);
}

// Nothing is cut off at the side.
export async function assertFits(page, name) {
  const [needed, there] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
  assert.ok(needed <= there, `${name}: ${needed} px wide in a window of ${there}`);
}
