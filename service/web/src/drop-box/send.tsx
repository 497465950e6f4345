// The one calm page: files, to whom, what is said beside them, send.
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { call, ProblemError, type Schemas } from "../shared/api";
import { announce, Field, Heading, Loading, Notice, ProblemNotice, useAction, useAsked } from "../shared/controls";
import { sayBytes } from "../shared/format";
import { say } from "../shared/language";
import { go } from "../shared/route";
import type { Session } from "../shared/session";
import { WrongRole } from "../shared/shell";
import { useStore } from "../shared/store";
import { draft } from "./draft";
import { chosenFiles, droppedEntries, filesIn, type Chosen } from "./files";
import { FileRows } from "./file_rows";
import { keep } from "./invitation_link";
import { FixedRecipients, Recipients } from "./recipients";
import { inviting, words } from "./words";

type Rules = Schemas["DropBox"];

export function Send({ session }: { session: Session }) {
  const asked = useAsked((signal) => call("get", "/drop-box", { signal }), []);
  useEffect(() => draft.get().belongsTo(session.login ?? ""), [session.login]);
  if (asked.error instanceof ProblemError && asked.error.code === "forbidden") return <WrongRole session={session} />;
  if (asked.error !== undefined) return <ProblemNotice error={asked.error} retry={asked.again} />;
  if (!asked.value) return <Loading />;
  if (asked.value.recipients && !asked.value.recipients.length) return <InvitationOver />;
  return <SendForm rules={asked.value} />;
}

function InvitationOver() {
  return (
    <div class="narrow">
      <Heading>{say(inviting.finished)}</Heading>
      <p>{say(inviting.finishedWhy)}</p>
      <p><a href="#/sent">{say(inviting.seeSent)}</a></p>
    </div>
  );
}

function SendForm({ rules }: { rules: Rules }) {
  const current = useStore(draft);
  const { running, error, run } = useAction();
  const known = useKnownRecipients();
  const fields = error instanceof ProblemError ? error.fields : [];
  const refused = fields.some((field) => field.includes("recipient"));
  const missing = whatIsMissing();
  useAnnouncedProgress();
  const fixed = rules.recipients;
  useEffect(() => {
    if (!fixed) return;
    current.recipients = [...fixed];
    draft.changed();
  }, [current, fixed]);
  const submit = (event: Event) => {
    event.preventDefault();
    if (missing) return announce(missing);
    void run(async () => {
      const submission = await current.submit();
      if (fixed) keep(undefined); // the link has done what it was for
      announce(say(words.submitted));
      go(`#/sent/${submission.id}`);
    });
  };
  return (
    <>
      <Heading>{say(words.send)}</Heading>
      <p class="lead">{say(words.intro)}</p>
      <form class="send" onSubmit={submit} noValidate>
        <section class="send-files" aria-label={say(words.files)}>
          <DropZone rules={rules} />
          {current.files.length > 0 && <Total rules={rules} />}
          <FileRows rules={rules} />
        </section>
        <section class="send-words card">
          {fixed ? <FixedRecipients mails={fixed} refused={refused} /> : <Recipients known={known} refused={refused} />}
          <Field label={`${say(words.title)}${optional()}`} value={current.title} maxLength={200} onValue={(value) => { current.title = value; draft.changed(); }} />
          <Message />
          <Importance choices={rules.importances} />
          {error !== undefined && <ProblemNotice error={error} />}
          {fixed && <p class="hint">{say(inviting.once)}</p>}
          {missing && <p class="hint" id="missing">{missing}</p>}
          <button class="primary wide" disabled={running} aria-disabled={missing ? true : undefined} aria-describedby={missing ? "missing" : undefined}>{say(words.submit)}</button>
        </section>
      </form>
    </>
  );
}

function optional(): string {
  return say(["（任意）", " (optional)"]);
}

function whatIsMissing(): string {
  const { files, recipients } = draft.get();
  if (!files.length) return say(words.needFiles);
  if (!recipients.length) return say(words.needRecipients);
  return draft.get().ready() ? "" : say(words.needUploads);
}

// Screen readers hear each finished upload, not each percent.
function useAnnouncedProgress() {
  const { files } = draft.get();
  const done = files.filter(({ upload }) => upload.state === "done").length;
  useEffect(() => {
    if (done) announce(say(words.totalSent, { n: done, of: files.length }));
  }, [done, files.length]);
}

function useKnownRecipients(): string[] {
  const asked = useAsked((signal) => call("get", "/submissions", { query: { limit: 50 }, signal }), []);
  return [...new Set(asked.value?.submissions.flatMap((one) => one.recipients) ?? [])].slice(0, 50);
}

function Total({ rules }: { rules: Rules }) {
  const { files } = draft.get();
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  const done = files.filter(({ upload }) => upload.state === "done").length;
  const unsent = files.reduce((sum, file) => sum + (file.upload.id ? 0 : file.bytes), 0);
  return (
    <>
      <p class="total"><strong>{say(words.total, { n: files.length, bytes: sayBytes(bytes) })}</strong> <span>{say(words.totalSent, { n: done, of: files.length })}</span></p>
      {unsent > rules.day_bytes_left && <Notice kind="warn">{say(words.overDay)}</Notice>}
    </>
  );
}

function DropZone({ rules }: { rules: Rules }) {
  const [over, setOver] = useState(false);
  const [told, setTold] = useState<string[]>([]);
  const input = useRef<HTMLInputElement>(null);
  const folder = useRef<HTMLInputElement>(null);
  const add = (chosen: readonly Chosen[]) => {
    const { twice, tooMany } = draft.get().add(chosen, rules);
    setTold([twice ? say(words.twice, { n: twice }) : "", tooMany ? say(words.tooMany, { n: tooMany }) : ""].filter(Boolean));
  };
  const dropped = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    if (!event.dataTransfer) return;
    filesIn(droppedEntries(event.dataTransfer), rules.files_max).then(add, () => setTold([say(words.unreadable)]));
  };
  const chosen = (event: Event) => {
    const picked = event.currentTarget as HTMLInputElement;
    if (picked.files) add(chosenFiles(picked.files));
    picked.value = ""; // the same file may be chosen again after it was removed
  };
  useEffect(() => {
    // A file that misses the zone must not replace the page.
    const ignore = (event: DragEvent) => event.preventDefault();
    window.addEventListener("dragover", ignore);
    window.addEventListener("drop", ignore);
    return () => {
      window.removeEventListener("dragover", ignore);
      window.removeEventListener("drop", ignore);
    };
  }, []);
  return (
    <div class={`zone${over ? " zone-over" : ""}`} onDragOver={(event) => { event.preventDefault(); setOver(true); }} onDragLeave={() => setOver(false)} onDrop={dropped}>
      <p class="zone-text">{say(words.drop)}</p>
      <p class="hint">{say(words.dropOr)}</p>
      <div class="row row-middle">
        <button type="button" onClick={() => input.current?.click()}>{say(words.choose)}</button>
        <button type="button" onClick={() => folder.current?.click()}>{say(words.chooseFolder)}</button>
      </div>
      <input ref={input} type="file" multiple hidden aria-label={say(words.choose)} onChange={chosen} />
      <input ref={folder} type="file" hidden aria-label={say(words.chooseFolder)} onChange={chosen} {...{ webkitdirectory: true }} />
      <p class="hint">{say(rules.recipients ? inviting.rules : words.rules, { bytes: sayBytes(rules.file_bytes_max), files: rules.files_max, left: sayBytes(rules.day_bytes_left) })}</p>
      {rules.held_types.length > 0 && <p class="hint">{say(words.held, { types: rules.held_types.join(" ") })}</p>}
      {told.map((text) => <p key={text} class="hint-warn" role="status">{text}</p>)}
    </div>
  );
}

function Message() {
  const id = useId();
  const current = draft.get();
  return (
    <div class="field">
      <label for={id}>{say(words.message)}{optional()}</label>
      <textarea id={id} rows={5} maxLength={4000} value={current.message} onInput={(event) => { current.message = event.currentTarget.value; draft.changed(); }} />
    </div>
  );
}

function Importance({ choices }: { choices: readonly string[] }) {
  const current = draft.get();
  if (!choices.length) return null;
  const choose = (value: string) => { current.importance = value; draft.changed(); };
  return (
    <fieldset class="field">
      <legend>{say(words.importance)}</legend>
      <div class="row">
        {["", ...choices].map((choice) => (
          <label key={choice} class="choice">
            <input type="radio" name="importance" checked={current.importance === choice} onChange={() => choose(choice)} />
            {choice || say(words.unspecified)}
          </label>
        ))}
      </div>
    </fieldset>
  );
}
