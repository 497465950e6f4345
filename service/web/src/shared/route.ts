// Where one is: the fragment of the address, "#/sent/ID" or "#/items?state=held", so that no path of the server is touched.
import { Store } from "./store";

function current(): string[] {
  return location.hash
    .replace(/^#\/?/, "")
    .replace(/\?.*$/s, "")
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

function currentQuery(): string {
  return /\?(.*)$/s.exec(location.hash)?.[1] ?? "";
}

export const route = new Store<string[]>(current());
export const routeQuery = new Store<string>(currentQuery()); // what follows "?", as URLSearchParams reads it
window.addEventListener("hashchange", () => {
  routeQuery.set(currentQuery());
  route.set(current());
});

// Another query of the same page; leaves no step to go back to.
export function replaceQuery(query: string): void {
  const before = location.hash.replace(/\?.*$/s, "") || "#/";
  history.replaceState(history.state, "", query ? `${before}?${query}` : before);
  routeQuery.set(query);
}

export function go(to: string): void {
  location.hash = to;
}
