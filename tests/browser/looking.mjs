// Looking at one page as several people see it: three widths, a picture of each, and axe-core.
import assert from "node:assert/strict";
import { assertAccessible, assertFits, person, picture } from "./browser.mjs";

const kFirstViewMs = 1000;
const kViews = 4;

const sizes = { desk: { width: 1280, height: 900 }, zoomed: { width: 640, height: 450 }, phone: { width: 360, height: 740 } }; // zoomed: 1280 at 200 %

export async function look(page, name) {
  for (const [kind, size] of Object.entries(sizes)) {
    await page.setViewportSize(size);
    await page.waitForTimeout(50);
    await assertFits(page, `${name} (${kind})`);
    await picture(page, `${name}-${kind}`);
  }
  await page.setViewportSize(sizes.desk);
  await assertAccessible(page, name);
}
export async function lookAt(page, address, name, ready) {
  await page.goto(address);
  await page.locator(ready).first().waitFor();
  await look(page, name);
}
// The first view of a site: how much is sent, and how long it takes somebody whom nothing else on this machine holds up.
export async function assertLightAndQuick(address, bytesMax) {
  const times = [];
  while (times.length < kViews && !times.some((took) => took < kFirstViewMs)) {
    const { page, close } = await person({ address: "about:blank" });
    const began = Date.now();
    await page.goto(address);
    await page.getByLabel("ログイン名").waitFor();
    times.push(Date.now() - began);
    const bytes = await page.evaluate(() => [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")].reduce((sum, one) => sum + one.transferSize, 0));
    assert.ok(bytes > 0 && bytes <= bytesMax, `${bytes} octets`);
    await close();
  }
  assert.ok(Math.min(...times) < kFirstViewMs, `${times} ms`);
}
