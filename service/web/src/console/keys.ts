// Keys of one letter for the list and the page of an item. They can be switched off (WCAG 2.1.4: somebody who speaks to the
// computer would press them by accident).
import { useEffect, useRef } from "preact/hooks";
import { Store } from "../shared/store";

const kRemembered = "kiyome.console.keys";

function remembered(): boolean {
  try {
    return localStorage.getItem(kRemembered) !== "off";
  } catch {
    return true;
  }
}
export const keysOn = new Store(remembered());
export function switchKeys(on: boolean): void {
  try {
    localStorage.setItem(kRemembered, on ? "on" : "off");
  } catch {
    // then it holds until the page is left
  }
  keysOn.set(on);
}

function typing(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) && !(target instanceof HTMLInputElement && /^(checkbox|radio)$/.test(target.type)));
}

// `keys` by what the key writes: { j: down, "/": search }.
export function useKeys(keys: Record<string, () => void>): void {
  const current = useRef(keys);
  current.current = keys;
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (!keysOn.get() || event.altKey || event.ctrlKey || event.metaKey || event.isComposing || typing(event.target) || document.querySelector("dialog[open]")) return;
      const action = current.current[event.key];
      if (!action) return;
      event.preventDefault();
      action();
    };
    document.addEventListener("keydown", press);
    return () => document.removeEventListener("keydown", press);
  }, []);
}
