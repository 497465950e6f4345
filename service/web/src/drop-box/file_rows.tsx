// The files that are on their way up, a row each: progress, hints, pause and resume, password.
import { useState } from "preact/hooks";
import { Field, sayProblem } from "../shared/controls";
import { sayBytes } from "../shared/format";
import { say } from "../shared/language";
import type { Schemas } from "../shared/api";
import { draft, type DraftFile } from "./draft";
import { endsInOneOf, mayHavePassword } from "./files";
import { words } from "./words";

export function FileRows({ rules }: { rules: Schemas["DropBox"] }) {
  return (
    <ul class="files">
      {draft.get().files.map((file) => <FileRow key={file.key} file={file} rules={rules} />)}
    </ul>
  );
}

function FileRow({ file, rules }: { file: DraftFile; rules: Schemas["DropBox"] }) {
  const held = endsInOneOf(file.name, rules.held_types);
  return (
    <li class="file">
      <div class="file-head">
        <span class="file-name">{file.name}</span>
        <span class="file-size">{sayBytes(file.bytes)}</span>
      </div>
      {file.tooLarge ? <p class="hint-bad">{say(words.tooLarge, { bytes: sayBytes(rules.file_bytes_max) })}</p> : <Progress file={file} />}
      {held && <p class="hint-warn">{say(words.willBeHeld)}</p>}
      <div class="row file-acts">
        <Steer file={file} />
        <button type="button" class="quiet" aria-label={say(words.ofFile, { action: say(words.remove), name: file.name })} onClick={() => draft.get().remove(file)}>{say(words.remove)}</button>
        {mayHavePassword(file.name) && !file.tooLarge && <Password file={file} />}
      </div>
    </li>
  );
}

function Progress({ file }: { file: DraftFile }) {
  const { state, sent, problem } = file.upload;
  const percent = file.bytes ? Math.floor((sent / file.bytes) * 100) : state === "done" ? 100 : 0;
  return (
    <div class={`progress progress-${state}`}>
      <progress max={100} value={state === "done" ? 100 : percent} aria-label={say(words.progressOf, { name: file.name })} />
      <span class="progress-text">{say(words[state], { percent })}{problem && state === "failed" && ` – ${sayProblem(problem)}`}</span>
    </div>
  );
}

function Steer({ file }: { file: DraftFile }) {
  const { upload } = file;
  const named = (action: string) => say(words.ofFile, { action, name: file.name });
  if (file.tooLarge || upload.state === "idle" || upload.state === "done") return null;
  if (upload.state === "sending" || upload.state === "waiting")
    return <button type="button" class="quiet" aria-label={named(say(words.pause))} onClick={() => upload.pause()}>{say(words.pause)}</button>;
  const text = say(upload.state === "failed" ? words.retry : words.resume);
  return <button type="button" class="quiet" aria-label={named(text)} onClick={() => upload.start()}>{text}</button>;
}

function Password({ file }: { file: DraftFile }) {
  const [open, setOpen] = useState(file.password !== "");
  if (!open)
    return <button type="button" class="quiet" aria-label={say(words.ofFile, { action: say(words.addPassword), name: file.name })} onClick={() => setOpen(true)}>{say(words.addPassword)}</button>;
  return (
    <div class="file-password">
      <Field label={say(words.passwordOf, { name: file.name })} hint={say(words.passwordHint)} type="password" value={file.password} autocomplete="off" maxLength={128}
        onValue={(value) => { file.password = value; draft.changed(); }} />
    </div>
  );
}
