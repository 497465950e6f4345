// The small things of the console: states, reasons, times, hashes to copy, a dialog, the reason that every decision needs.
import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { announce, Badge, type Tone } from "../shared/controls";
import { sayTime } from "../shared/format";
import { language, say, type Text } from "../shared/language";
import { words as common } from "../shared/words";
import { reasonWords } from "./decide_words";
import type { ItemRow, Reason, State, Verdict } from "./interface";
import { states, words } from "./words";

// What people call it: refused, when nothing else became of it.
export type Standing = keyof typeof states;
export function standingOf({ verdict, state }: { verdict: Verdict; state: State }): Standing {
  return verdict === "rejected" && state === "held" ? "rejected" : state;
}
const kTones: Record<Standing, Tone> = { held: "warn", sending: "busy", bounced: "bad", delivered: "good", deleted: "plain", rejected: "bad" };
export function StateBadge({ of }: { of: { verdict: Verdict; state: State } }) {
  const standing = standingOf(of);
  return <Badge tone={kTones[standing]}>{say(states[standing])}</Badge>;
}

export function sayReason({ ja, en }: Reason): string {
  return language.get() === "en" ? en : ja;
}
export function titleOf({ subject, files }: Pick<ItemRow, "subject" | "files">): string {
  return subject || files[0] || say(words.noSubject);
}

// The day is left out today, the year this year.
export function sayBrief(time: string): string {
  const date = new Date(time);
  if (Number.isNaN(date.getTime())) return "";
  const now = new Date();
  const clock = `${date.getHours()}:${String(date.getMinutes()).padStart(2, "0")}`;
  if (date.toDateString() === now.toDateString()) return clock;
  const day = `${date.getMonth() + 1}/${date.getDate()}`;
  return date.getFullYear() === now.getFullYear() ? `${day} ${clock}` : `${date.getFullYear()}/${day}`;
}
export function When({ at, brief = false }: { at: string; brief?: boolean }) {
  return <time class="when" dateTime={at} title={brief ? sayTime(at) : undefined}>{brief ? sayBrief(at) : sayTime(at)}</time>;
}

export function Copy({ text, name, shown = text }: { text: string; name: string; shown?: string }) {
  const copy = () => void navigator.clipboard.writeText(text).then(() => announce(say(words.copied)), () => announce(say(common.copyFailed)));
  return (
    <span class="copied-text"><code title={text}>{shown}</code>
      <button type="button" class="copy no-print" aria-label={say(words.copyOf, { name })} onClick={copy}>{say(words.copy)}</button>
    </span>
  );
}
export const kShownDigits = 12;

export function Reasons({ reasons }: { reasons: readonly Reason[] }) {
  return <ul class="findings">{reasons.map((reason) => <li key={reason.code} class="finding finding-part">{sayReason(reason)}</li>)}</ul>;
}

// A dialog of the browser's own; the focus comes back to where it was.
export function Dialog({ title, close, children }: { title: string; close: () => void; children: ComponentChildren }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const shown = dialog.current!;
    const before = document.activeElement;
    shown.showModal();
    return () => {
      shown.close();
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  return (
    <dialog class="ask-dialog" ref={dialog} aria-labelledby={id} onCancel={(event) => { event.preventDefault(); close(); }}>
      <h2 id={id}>{title}</h2>
      {children}
    </dialog>
  );
}

// Why: in own words, or one that is often said.
export function ReasonField({ value, onValue, missing, usual, label = reasonWords.why, autoFocus = false }: { value: string; onValue: (value: string) => void; missing: boolean; usual: readonly Text[]; label?: Text; autoFocus?: boolean }) {
  const id = useId();
  const field = useRef<HTMLTextAreaElement>(null);
  useEffect(() => { if (autoFocus || missing) field.current?.focus(); }, [missing]);
  return (
    <div class="field">
      <label for={id}>{say(label)}</label>
      <textarea id={id} ref={field} rows={2} maxLength={1000} value={value} aria-required="true" aria-invalid={missing ? true : undefined} aria-describedby={missing ? `${id}-missing` : undefined}
        onInput={(event) => onValue(event.currentTarget.value)} />
      {missing && <p class="field-error" id={`${id}-missing`} role="alert">{say(reasonWords.missing)}</p>}
      {usual.length > 0 && (
        <p class="usual">
          {usual.map((text) => <button key={text[0]} type="button" onClick={() => { onValue(say(text)); field.current?.focus(); }}>{say(text)}</button>)}
        </p>
      )}
    </div>
  );
}

// What is typed, once it has been quiet for a moment.
export function useQuiet<T>(value: T, ms: number): T {
  const [quiet, setQuiet] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setQuiet(value), ms);
    return () => clearTimeout(timer);
  }, [value, ms]);
  return quiet;
}
