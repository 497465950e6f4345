// The queue of what recipients ask for. Granting sends the clean result of that part to that recipient, and an answer by mail.
import { useState } from "preact/hooks";
import { ProblemError } from "../shared/api";
import { announce, Badge, Heading, Loading, Notice, ProblemNotice, useAction, type Tone } from "../shared/controls";
import { cleanText } from "../shared/format";
import { say } from "../shared/language";
import type { Session } from "../shared/session";
import { WrongRole } from "../shared/shell";
import { words as common } from "../shared/words";
import { ReasonField, When } from "./bits";
import { decideWords } from "./decide_words";
import { desk } from "./desk";
import type { RequestRow } from "./interface";
import { requestStates, requestUsual, requestWords } from "./office_words";
import { useCursor } from "./paged";
import { words } from "./words";

const kTones: Record<string, Tone> = { open: "warn", granted: "busy", refused: "plain", done: "good" };

export function Requests({ all, session }: { all: boolean; session: Session }) {
  const listed = useCursor(async (after, signal) => {
    const { requests, next } = await desk.requests({ state: all ? "all" : "open", after }, signal);
    return { rows: requests, next };
  }, [all]);
  if (listed.error instanceof ProblemError && listed.error.code === "forbidden") return <WrongRole session={session} />;
  const decides = session.roles?.includes("reviewer") ?? false;
  return (
    <>
      <Heading>{say(words.requests)}</Heading>
      <p class="lead">{say(requestWords.intro)}</p>
      <nav class="tabs no-print" aria-label={say(words.requests)}>
        <a href="#/requests" aria-current={all ? undefined : "page"}>{say(requestWords.open)}</a>
        <a href="#/requests/all" aria-current={all ? "page" : undefined}>{say(requestWords.all)}</a>
      </nav>
      {listed.error !== undefined && <ProblemNotice error={listed.error} retry={listed.again} />}
      {!listed.rows ? (listed.error === undefined && <Loading />) : !listed.rows.length ? <p>{say(requestWords.none)}</p> : (
        <ul class="files">{listed.rows.map((row) => <Row key={row.number} row={row} decides={decides} again={listed.again} />)}</ul>
      )}
      {listed.canMore && <button type="button" disabled={listed.running} onClick={() => void listed.more()}>{say(common.more)}</button>}
    </>
  );
}

function Row({ row, decides, again }: { row: RequestRow; decides: boolean; again: () => void }) {
  const [choice, setChoice] = useState<"grant" | "refuse">();
  const [text, setText] = useState("");
  const [missing, setMissing] = useState(false);
  const { running, error, run } = useAction();
  const name = row.part_name || row.item_subject || say(words.noSubject);
  const send = (event: Event) => {
    event.preventDefault();
    const said = cleanText(text.trim(), true);
    setMissing(!said && choice === "refuse");
    if (!choice || (!said && choice === "refuse")) return;
    void run(async () => {
      const { proposal, working } = await desk.decideRequest(row.number, choice, said);
      announce(say(proposal !== undefined ? requestWords.proposedNow : working ? requestWords.workingNow : choice === "grant" ? requestWords.grantedNow : requestWords.refusedNow));
      setChoice(undefined);
      again();
    });
  };
  return (
    <li class="file request">
      <div class="file-head"><span class="file-name">{name}</span><Badge tone={kTones[row.state] ?? "plain"}>{say(requestStates[row.state] ?? [row.state, row.state])}</Badge></div>
      <p><strong>{row.recipient}</strong> <span class="hint">{say(requestWords.asked)}: <When at={row.asked_at} /></span></p>
      <p class="hint">{say(requestWords.from, { name: row.sender || say(words.noSender) })} · {row.item_subject || say(words.noSubject)}</p>
      {row.decided_by && <p class="hint">{row.decided_by}{row.decided_at && <> <When at={row.decided_at} /></>}{row.answer && <> – {row.answer}</>}</p>}
      {row.proposal !== undefined && row.state === "open" && <Notice><p>{say(requestWords.proposedNow)} <a href={`#/proposals/${row.proposal}`}>{say(decideWords.proposedSee, { n: row.proposal })}</a></p></Notice>}
      {row.working && <Notice><p>{say(requestWords.workingNow)}</p></Notice>}
      <p class="row no-print">
        {decides && row.state === "open" && row.proposal === undefined && !row.working && (
          <>
            <button type="button" class="primary" aria-expanded={choice === "grant"} aria-label={`${say(requestWords.grant)}: ${name} (${row.recipient})`} onClick={() => setChoice("grant")}>{say(requestWords.grant)}</button>
            <button type="button" class="danger" aria-expanded={choice === "refuse"} aria-label={`${say(requestWords.refuse)}: ${name} (${row.recipient})`} onClick={() => setChoice("refuse")}>{say(requestWords.refuse)}</button>
          </>
        )}
        <a class="button" href={`#/items/${row.item}`}>{say(requestWords.seeItem)}</a>
      </p>
      {choice && (
        <form class="decide-form" onSubmit={send} noValidate>
          <p class="hint">{say(requestWords.textHint)}</p>
          <ReasonField label={requestWords.text} value={text} onValue={(value) => { setText(value); setMissing(false); }} missing={missing} usual={[requestUsual[choice === "grant" ? 0 : 1]!]} autoFocus />
          {missing && <Notice kind="warn">{say(requestWords.needText)}</Notice>}
          {error !== undefined && <ProblemNotice error={error} />}
          <p class="row">
            <button class={choice === "grant" ? "primary" : "danger"} disabled={running}>{say(requestWords[choice])}</button>
            <button type="button" onClick={() => setChoice(undefined)}>{say(decideWords.cancel)}</button>
          </p>
        </form>
      )}
    </li>
  );
}
