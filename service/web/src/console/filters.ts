// What is looked for: the filters of the list, as the address of the page has them, so that a search can be sent to a colleague.
import { language, say, type Text } from "../shared/language";
import type { Filters as Known } from "./interface";
import { states, verdicts, words } from "./words";

export const kTexts = ["sender", "recipient", "subject", "file", "sha256", "id"] as const;
export const kDays = ["since", "until"] as const;
export const kChoices = ["direction", "state", "verdict", "reason", "department", "tenant"] as const;
export const kTicks = ["asked", "kept"] as const;
export const kNames = ["q", ...kChoices, ...kTexts, ...kDays, ...kTicks] as const;
export type Name = (typeof kNames)[number];
export type Wanted = Partial<Record<Name, string>>;

const kTextMax = 200;
export const kHeld: Wanted = { state: "held" };

// Nothing said: what is held. "view=all" says that nothing narrows it.
export function readWanted(query: string): Wanted {
  const given = new URLSearchParams(query);
  const wanted: Wanted = {};
  for (const name of kNames) {
    const value = given.get(name)?.trim().slice(0, kTextMax);
    if (value) wanted[name] = value;
  }
  return Object.keys(wanted).length || given.has("view") ? wanted : kHeld;
}

export function writeWanted(wanted: Wanted): string {
  const given = new URLSearchParams();
  for (const name of kNames) if (wanted[name]) given.set(name, wanted[name]!);
  return [...given].length ? given.toString() : "view=all";
}

export function without(wanted: Wanted, ...names: Name[]): Wanted {
  const rest = { ...wanted };
  for (const name of names) delete rest[name];
  return rest;
}

export function today(): string {
  return dayOf(new Date());
}
export function dayOf(now: Date): string {
  return `${now.getFullYear()}-${String(now.getMonth() + 1).padStart(2, "0")}-${String(now.getDate()).padStart(2, "0")}`;
}

// What may be chosen, as [value, word].
export function choices(name: (typeof kChoices)[number], known: Known | undefined): [string, string][] {
  const named = (texts: Record<string, Text>, ...values: string[]) => values.map((value): [string, string] => [value, say(texts[value]!)]);
  if (name === "direction") return [["mail", say(words.mail)], ["drop", say(words.drop)]];
  if (name === "verdict") return named(verdicts, "clean", "held", "rejected");
  if (name === "state") return named(states, "held", "sending", "delivered", "bounced", "deleted");
  if (name === "reason") return (known?.reasons ?? []).map((reason) => [reason.code, language.get() === "en" ? reason.en : reason.ja]);
  return ((name === "department" ? known?.departments : known?.tenants) ?? []).map((value) => [value, value]);
}

// A filter in words: "状態: 保留中".
export function sayFilter(name: Name, value: string, known: Known | undefined): string {
  if (name === "asked" || name === "kept") return say(words[name]);
  if (name === "q") return `“${value}”`;
  const choice = (kChoices as readonly string[]).includes(name) ? choices(name as (typeof kChoices)[number], known).find(([one]) => one === value) : undefined;
  return `${say(words[name])}: ${choice?.[1] ?? value}`;
}

