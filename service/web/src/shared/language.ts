// Japanese first, English beside it: every text for people is a pair, and `say` gives the one that was chosen.
import { Store } from "./store";

export type Text = readonly [japanese: string, english: string];
export type Language = "ja" | "en";

const kRemembered = "kiyome.language";

function remembered(): Language {
  try {
    return localStorage.getItem(kRemembered) === "en" ? "en" : "ja";
  } catch {
    return "ja"; // storage is forbidden: the switch then holds until the page is left
  }
}

export const language = new Store<Language>(remembered());

export function chooseLanguage(chosen: Language): void {
  try {
    localStorage.setItem(kRemembered, chosen);
  } catch {
    // as above
  }
  document.documentElement.lang = chosen;
  language.set(chosen);
}

// `{name}` becomes its value; `{n|file|files}` the first word when the value is 1, else the second.
export function say(text: Text, values: Record<string, string | number> = {}): string {
  return text[language.get() === "en" ? 1 : 0].replace(
    /\{(\w+)(?:\|([^|}]*)\|([^}]*))?\}/g,
    (_, name: string, one: string | undefined, many: string | undefined) =>
      one === undefined ? String(values[name] ?? "") : values[name] === 1 ? one : (many ?? ""),
  );
}

// Of a thing that the server tells in both languages.
export function sayEither(both: { japanese: string; english: string }): string {
  return language.get() === "en" ? both.english : both.japanese;
}
