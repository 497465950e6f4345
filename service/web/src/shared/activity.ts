// Whether somebody uses this page: one that is merely open asks no more after a while, so that it does not keep the
// session alive for ever.
const kUnusedMs = 10 * 60_000;

let lastUsed = Date.now();
for (const kind of ["pointerdown", "keydown", "scroll", "focus"]) window.addEventListener(kind, () => { lastUsed = Date.now(); }, { passive: true, capture: true });

export function unused(): boolean {
  return Date.now() - lastUsed > kUnusedMs;
}
