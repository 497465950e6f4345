// Where one is: the fragment of the address, "#/sent/ID", so that no path of the server is touched.
import { Store } from "./store";

function current(): string[] {
  return location.hash
    .replace(/^#\/?/, "")
    .split("/")
    .filter(Boolean)
    .map((segment) => {
      try {
        return decodeURIComponent(segment);
      } catch {
        return segment;
      }
    });
}

export const route = new Store<string[]>(current());
window.addEventListener("hashchange", () => route.set(current()));

export function go(to: string): void {
  location.hash = to;
}
