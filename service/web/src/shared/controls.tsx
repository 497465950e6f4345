// The small things every page is made of: fields, buttons, notices, headings that take the focus.
import type { ComponentChildren, JSX } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { ProblemError } from "./api";
import { language, say } from "./language";
import { Store, useStore } from "./store";
import { problems, words } from "./words";

export function sayProblem(error: unknown): string {
  if (!(error instanceof ProblemError)) return say(problems.unreachable!);
  const known = problems[error.code];
  if (known) return say(known, { minutes: Math.max(1, Math.ceil(error.retryAfterSeconds / 60)) });
  return error.title || `${error.status} ${error.code}`;
}

// ---- told to screen readers without moving the focus ----
const announcement = new Store("");
export function announce(text: string): void {
  // The same text twice is told twice: a trailing space makes it another one.
  announcement.set(announcement.get() === text ? `${text}\u00a0` : text);
}
export function Announcer() {
  return <div class="unseen" role="status" aria-live="polite">{useStore(announcement)}</div>;
}

export function Notice({ kind = "info", children }: { kind?: "info" | "good" | "warn" | "bad"; children: ComponentChildren }) {
  return <div class={`notice notice-${kind}`} role={kind === "bad" ? "alert" : "note"}>{children}</div>;
}

export function ProblemNotice({ error, retry }: { error: unknown; retry?: (() => void) | undefined }) {
  return (
    <Notice kind="bad">
      <p>{sayProblem(error)}</p>
      {retry && <button type="button" onClick={retry}>{say(words.again)}</button>}
    </Notice>
  );
}

// The page's heading; takes the focus when one comes to the page, as a screen reader expects of a new page.
export function Heading({ children, title }: { children: ComponentChildren; title?: string }) {
  const heading = useRef<HTMLHeadingElement>(null);
  const chosen = language.get();
  useEffect(() => {
    if (arrived) heading.current?.focus({ preventScroll: true });
    arrived = true;
    window.scrollTo(0, 0);
  }, []);
  useEffect(() => {
    if (heading.current) document.title = `${title ?? heading.current.textContent ?? ""} – 清め`;
  }, [chosen, title, children]);
  return <h1 ref={heading} tabIndex={-1}>{children}</h1>;
}
let arrived = false; // the first page leaves the focus where the browser put it

interface FieldProps extends Omit<JSX.InputHTMLAttributes<HTMLInputElement>, "value" | "onInput" | "label"> {
  label: string;
  hint?: string | undefined;
  error?: string | undefined;
  value: string;
  onValue: (value: string) => void;
}

export function Field({ label, hint, error, value, onValue, type = "text", ...rest }: FieldProps) {
  const id = useId();
  const [shown, setShown] = useState(false);
  const described = [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(" ");
  const secret = type === "password";
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {hint && <p class="hint" id={`${id}-hint`}>{hint}</p>}
      <div class="input-row">
        <input id={id} {...rest} type={secret && shown ? "text" : type} value={value} spellcheck={secret ? false : undefined}
          aria-describedby={described || undefined} aria-invalid={error ? true : undefined}
          onInput={(event) => onValue(event.currentTarget.value)} />
        {secret && (
          <button type="button" class="quiet" aria-pressed={shown} aria-label={`${label}: ${say(words.show)}`} onClick={() => setShown(!shown)}>
            {say(shown ? words.hide : words.show)}
          </button>
        )}
      </div>
      {error && <p class="field-error" id={`${id}-error`}>{error}</p>}
    </div>
  );
}

export function Loading() {
  return <p class="loading" role="status">{say(words.loading)}</p>;
}

export type Tone = "plain" | "busy" | "good" | "warn" | "bad";
// A state in one word. The sign before it tells the same as the colour.
export function Badge({ tone, children }: { tone: Tone; children: ComponentChildren }) {
  return <span class={`badge badge-${tone}`}>{children}</span>;
}

// Asks once more when `wanted` changes; keeps what it had until the new answer is there.
export function useAsked<T>(ask: (signal: AbortSignal) => Promise<T>, wanted: readonly unknown[]) {
  const [answer, setAnswer] = useState<{ value?: T; error?: unknown }>({});
  const [round, setRound] = useState(0);
  useEffect(() => {
    const stopped = new AbortController();
    ask(stopped.signal).then(
      (value) => stopped.signal.aborted || setAnswer({ value }),
      (error: unknown) => stopped.signal.aborted || setAnswer({ error }),
    );
    return () => stopped.abort();
  }, [...wanted, round]);
  return { ...answer, again: () => setRound(round + 1), replace: (value: T) => setAnswer({ value }) };
}

// Runs one thing at a time and keeps why it failed.
export function useAction() {
  const [running, setRunning] = useState(false);
  const [error, setError] = useState<unknown>();
  const run = async (action: () => Promise<void>) => {
    if (running) return;
    setRunning(true);
    setError(undefined);
    try {
      await action();
    } catch (caught) {
      setError(caught);
    } finally {
      setRunning(false);
    }
  };
  return { running, error, run, setError };
}
