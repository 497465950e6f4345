// What was sent: the list, and one submission whose files' states are followed as they change.
import { useEffect, useState } from "preact/hooks";
import { unused } from "../shared/activity";
import { call, previewAddress, ProblemError, submissionSince, type Schemas } from "../shared/api";
import { announce, Badge, Heading, Loading, Notice, ProblemNotice, type Tone } from "../shared/controls";
import { sayBytes, sayTime } from "../shared/format";
import { say, sayEither } from "../shared/language";
import { usePages } from "../shared/pages";
import { LookAtPages } from "../shared/look";
import type { Session } from "../shared/session";
import { NotFound, WrongRole } from "../shared/shell";
import { words as common } from "../shared/words";
import { states, words, type FileState } from "./words";

type Submission = Schemas["Submission"];
type SentFile = Schemas["SubmittedFile"];

const kTones: Record<FileState, Tone> = {
  received: "plain", cleaning: "busy", clean: "busy", held: "warn", waiting: "busy", delivered: "good", returned: "bad", "picked-up": "good", refused: "bad",
};
const kFinal: readonly FileState[] = ["held", "returned", "picked-up", "refused"];
const kSettled: readonly FileState[] = [...kFinal, "delivered"]; // nothing more is ours to do
const kPageOf = 20;

function title(submission: Submission): string {
  if (submission.title) return submission.title;
  const [first] = submission.files;
  if (!first) return say(words.untitled);
  return submission.files.length === 1 ? first.name : say(words.filesMore, { name: first.name, n: submission.files.length - 1 });
}

function Summary({ submission }: { submission: Submission }) {
  const counts = new Map<FileState, number>();
  for (const { state } of submission.files) counts.set(state, (counts.get(state) ?? 0) + 1);
  return <span class="badges">{[...counts].map(([state, n]) => <Badge key={state} tone={kTones[state]}>{say(states[state].word)}{counts.size > 1 || n > 1 ? ` ${n}` : ""}</Badge>)}</span>;
}

async function list(before?: string, signal?: AbortSignal): Promise<Submission[]> {
  const query = before === undefined ? { limit: kPageOf } : { limit: kPageOf, before };
  return (await call("get", "/submissions", signal ? { query, signal } : { query })).submissions;
}

export function SentList({ session }: { session: Session }) {
  const { all, error, again, failed, more, canMore } = usePages((before, signal) => list(before, signal), kPageOf, []);
  if (error instanceof ProblemError && error.code === "forbidden") return <WrongRole session={session} />;
  if (error !== undefined) return <ProblemNotice error={error} retry={again} />;
  if (!all) return <Loading />;
  return (
    <>
      <Heading>{say(words.history)}</Heading>
      {!all.length ? <p>{say(words.nothingSent)}</p> : (
        <ul class="list">
          {all.map((one) => (
            <li key={one.id}>
              <a class="list-row" href={`#/sent/${one.id}`}>
                <span class="list-title">{title(one)}</span>
                <span class="list-detail">{sayTime(one.created_at)}</span>
                <span class="list-detail list-who">{one.recipients.join(", ")}</span>
                <Summary submission={one} />
              </a>
            </li>
          ))}
        </ul>
      )}
      {failed !== undefined && <ProblemNotice error={failed} retry={() => void more()} />}
      {canMore && <button type="button" onClick={() => void more()}>{say(common.more)}</button>}
    </>
  );
}

// ---- one submission ----
const kFastMs = 1000; // while something is being done to it
const kSlowMs = 15_000; // while it waits for people

function useSubmission(id: string) {
  const [submission, setSubmission] = useState<Submission>();
  const [error, setError] = useState<unknown>();
  const [stopped, setStopped] = useState(false);
  const [round, setRound] = useState(0);
  useEffect(() => {
    const over = new AbortController();
    let etag = "";
    let timer = 0;
    let files: readonly SentFile[] = [];
    const ask = async () => {
      if (unused()) return setStopped(true);
      if (document.visibilityState === "hidden" && files.length) return again(kFastMs);
      try {
        const news = await submissionSince(id, etag, over.signal);
        if (news) {
          tellChanges(files, news.submission.files);
          ({ etag } = news);
          ({ files } = news.submission);
          setSubmission(news.submission);
        }
        setError(undefined);
        if (files.every(({ state }) => kFinal.includes(state))) return;
        again(files.every(({ state }) => kSettled.includes(state) || state === "waiting") ? kSlowMs : kFastMs);
      } catch (caught) {
        if (over.signal.aborted) return;
        setError(caught);
        if (!(caught instanceof ProblemError) || caught.status === 0 || caught.status >= 500) again(5000);
      }
    };
    const again = (ms: number) => { timer = window.setTimeout(() => void ask(), ms); };
    void ask();
    return () => {
      over.abort();
      clearTimeout(timer);
    };
  }, [id, round]);
  return { submission, error, stopped, again: () => { setStopped(false); setRound(round + 1); } };
}

function tellChanges(before: readonly SentFile[], now: readonly SentFile[]): void {
  if (!before.length) return;
  const known = new Map(before.map((file) => [file.item, file.state]));
  const changed = now.filter((file) => known.get(file.item) !== file.state);
  if (changed.length) announce(changed.map((file) => `${file.name}: ${say(states[file.state].word)}`).join(" / "));
}

export function SentDetail({ id, session }: { id: string; session: Session }) {
  const { submission, error, stopped, again } = useSubmission(id);
  const [looked, setLooked] = useState<SentFile>();
  if (error instanceof ProblemError && error.code === "forbidden") return <WrongRole session={session} />;
  if (error instanceof ProblemError && [400, 404, 422].includes(error.status)) return <NotFound />;
  if (!submission) return error !== undefined ? <ProblemNotice error={error} retry={again} /> : <Loading />;
  const done = submission.files.filter(({ state }) => kSettled.includes(state)).length;
  return (
    <>
      <p class="no-print"><a href="#/sent">‹ {say(common.back)}</a></p>
      <Heading>{title(submission)}</Heading>
      {error !== undefined && <ProblemNotice error={error} />}
      <dl class="facts">
        <dt>{say(words.sentAt)}</dt><dd>{sayTime(submission.created_at)}</dd>
        <dt>{say(words.to)}</dt><dd>{submission.recipients.join(", ")}</dd>
        {submission.importance && <><dt>{say(words.importance)}</dt><dd>{submission.importance}</dd></>}
        {submission.message && <><dt>{say(words.message)}</dt><dd class="message">{submission.message}</dd></>}
      </dl>
      <h2>{say(words.files)} <span class="h2-note">{say(words.stateSummary, { n: submission.files.length, done })}</span></h2>
      {done < submission.files.length && !stopped && <p class="hint no-print">{say(words.live)}</p>}
      {stopped && <Notice><p>{say(words.liveStopped)}</p><button type="button" onClick={again}>{say(words.refresh)}</button></Notice>}
      <ul class="files">{submission.files.map((file) => <SentRow key={file.item} file={file} look={() => setLooked(file)} />)}</ul>
      {looked && (
        <LookAtPages name={looked.name} pages={looked.preview_pages ?? 0} all={Math.max(looked.pages ?? 0, looked.preview_pages ?? 0)}
          address={(page) => previewAddress(submission.id, looked.item, page)} close={() => setLooked(undefined)} />
      )}
    </>
  );
}

function SentRow({ file, look }: { file: SentFile; look: () => void }) {
  const { word, meaning } = states[file.state];
  const pages = file.pages && file.state !== "held" && file.state !== "refused" ? say(words.pages, { n: file.pages }) : "";
  return (
    <li class="file">
      <div class="file-head">
        <span class="file-name">{file.name}</span>
        <span class="file-size">{sayBytes(file.bytes)}{pages && file.state !== "cleaning" ? ` · ${pages}` : ""}</span>
        <Badge tone={kTones[file.state]}>{say(word)}{pages && file.state === "cleaning" ? ` ${pages}` : ""}</Badge>
      </div>
      <p class="hint">{say(meaning)}{file.changed_at && " "}{file.changed_at && <time class="when" dateTime={file.changed_at}>{sayTime(file.changed_at)}</time>}</p>
      {file.preview_pages !== undefined && file.preview_pages > 0 && (
        <p class="row no-print"><button type="button" class="quiet" aria-label={say(words.lookAtOf, { name: file.name })} onClick={look}>{say(words.lookAt)}</button></p>
      )}
      {file.findings.length > 0 && (
        <ul class="findings" aria-label={say(words.findings)}>
          {file.findings.map((finding) => <li key={finding.code} class={`finding finding-${finding.effect}`}>{sayEither(finding)}</li>)}
        </ul>
      )}
    </li>
  );
}
