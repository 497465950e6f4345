// Events of the audit trails in words.
import { say } from "../shared/language";
import { sayReason } from "./bits";
import { about } from "./desk";
import { details, events, states, verdicts } from "./words";

export function sayEvent(event: string): string {
  const known = events[event];
  return known ? say(known) : event;
}

function sayValue(value: unknown): string {
  if (Array.isArray(value)) return value.map(sayValue).join(", ");
  if (value !== null && typeof value === "object") return sayDetail(value as Record<string, unknown>);
  if (value === true) return "✓";
  if (value === false) return "✕";
  const text = String(value);
  const known = verdicts[text as keyof typeof verdicts] ?? states[text as keyof typeof states];
  return known ? say(known) : text;
}
// "encrypted policy-hold" as people read it.
function sayReasons(slugs: string): string {
  const known = about.get()?.reasons ?? [];
  return slugs.split(" ").map((slug) => { const reason = known.find(({ code }) => code === slug); return reason ? sayReason(reason) : slug; }).join("、");
}
export function sayDetail(detail: Record<string, unknown>): string {
  return Object.entries(detail)
    .filter(([, value]) => value !== "" && value !== null)
    .map(([name, value]) => `${details[name] ? say(details[name]) : name}: ${name === "reasons" && typeof value === "string" ? sayReasons(value) : sayValue(value)}`)
    .join(" · ");
}
