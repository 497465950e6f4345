// Looking at one page as several people see it: three widths, a picture of each, and axe-core.
import { assertAccessible, assertFits, picture } from "./browser.mjs";

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
