// One proposal: what, why, by whom; the second person's decision, and the break-glass of an office without one.
import { useState } from "preact/hooks";
import { ProblemError } from "../shared/api";
import { announce, Heading, Loading, Notice, ProblemNotice, useAction, useAsked } from "../shared/controls";
import { cleanText } from "../shared/format";
import { say } from "../shared/language";
import type { Session } from "../shared/session";
import { NotFound, WrongRole } from "../shared/shell";
import { words as common } from "../shared/words";
import { Copy, Dialog, ReasonField, When } from "./bits";
import { decideWords } from "./decide_words";
import { desk } from "./desk";
import type { Proposal } from "./interface";
import { outcomes, proposalWords, whatWords } from "./office_words";
import { ProposalState, sayKind } from "./proposals";
import { words } from "./words";

const kSaid = ["reason", "kind", "item"]; // beside it already

export function ProposalPage({ number, session }: { number: string; session: Session }) {
  const asked = useAsked((signal) => desk.proposal(number, signal), [number]);
  if (asked.error instanceof ProblemError && asked.error.code === "forbidden") return <WrongRole session={session} />;
  if (asked.error instanceof ProblemError && [400, 404, 422].includes(asked.error.status)) return <NotFound />;
  const proposal = asked.value;
  if (!proposal) return asked.error !== undefined ? <ProblemNotice error={asked.error} retry={asked.again} /> : <Loading />;
  const sees = session.roles?.some((role) => role === "reviewer" || role === "auditor") ?? false;
  return (
    <div class="middle">
      <p class="no-print"><a href="#/proposals">‹ {say(common.back)}</a></p>
      <div class="item-title"><Heading title={say(proposalWords.one, { n: proposal.number })}>{sayKind(proposal.kind)}</Heading><ProposalState state={proposal.state} /></div>
      <dl class="facts">
        {proposal.item && <><dt>{say(proposalWords.item)}</dt><dd>{sees ? <a href={`#/items/${proposal.item}`}>{proposal.item_subject || say(words.noSubject)}</a> : proposal.item_subject || proposal.item}</dd></>}
        <dt>{say(proposalWords.by)}</dt><dd>{proposal.by} <span class="hint"><When at={proposal.proposed_at} /></span></dd>
        <dt>{say(proposalWords.reason)}</dt><dd class="message">{proposal.reason}</dd>
        {Object.entries(proposal.what ?? {}).filter(([name]) => !kSaid.includes(name)).map(([name, value]) => <><dt>{say(whatWords[name] ?? [name, name])}</dt><dd>{sayWhat(name, value)}</dd></>)}
        {proposal.state === "open" && <><dt>{say(proposalWords.until)}</dt><dd><When at={proposal.until} /></dd></>}
        {proposal.decided_by && <><dt>{say(proposalWords.decidedBy)}</dt><dd>{proposal.decided_by} {proposal.decided_at && <span class="hint"><When at={proposal.decided_at} /></span>}</dd></>}
        {proposal.answer && <><dt>{say(proposalWords.answer)}</dt><dd class="message">{proposal.answer}</dd></>}
        {proposal.outcome && <><dt>{say(proposalWords.outcome)}</dt><dd>{sayOutcome(proposal.outcome)}</dd></>}
      </dl>
      {proposal.password_waits && <SealPassword number={proposal.number} />}
      {proposal.state === "open" && proposal.mine && <Notice>{say(proposalWords.mine)}</Notice>}
      {proposal.state === "open" && proposal.may_decide && <Second proposal={proposal} replace={asked.replace} again={asked.again} />}
      {proposal.state === "open" && proposal.may_break_glass && <BreakGlass proposal={proposal} replace={asked.replace} again={asked.again} />}
    </div>
  );
}

// Its first word is a code: "bounced 5.1.1".
function sayOutcome(outcome: string): string {
  const [code = "", ...rest] = outcome.split(" ");
  if (code === "recipients") return say(proposalWords.doneFor, { n: Number(rest[0]) || 0 });
  const known = outcomes[code];
  return known ? [say(known), ...rest].join(" ") : outcome;
}

// Shown once, to him who asked for the original, and only when he says that he is ready for it.
function SealPassword({ number }: { number: number }) {
  const [password, setPassword] = useState("");
  const { running, error, run } = useAction();
  return (
    <section class="card" aria-labelledby="password">
      <h2 id="password">{say(proposalWords.password)}</h2>
      <p class="hint-warn">{say(proposalWords.passwordHint)}</p>
      {error !== undefined && <ProblemNotice error={error} />}
      {password ? <p class="secret"><Copy text={password} name={say(proposalWords.password)} /></p>
        : <p><button type="button" disabled={running} onClick={() => void run(async () => setPassword((await desk.showPassword(number)).password))}>{say(proposalWords.showPassword)}</button></p>}
    </section>
  );
}

function sayWhat(name: string, value: unknown): string {
  if (Array.isArray(value)) return value.join(", ");
  if (value !== null && typeof value === "object") return JSON.stringify(value);
  const text = String(value);
  if (name === "policy" && (text === "strip" || text === "text" || text === "flatten" || text === "image")) return say(decideWords[text]);
  if (name === "zone") return say(text === "closed" ? decideWords.zoneClosed : decideWords.zoneInternet);
  return text;
}

interface Props { proposal: Proposal; replace: (proposal: Proposal) => void; again: () => void }

function Second({ proposal, replace, again }: Props) {
  const [reason, setReason] = useState("");
  const [missing, setMissing] = useState(false);
  const { running, error, run } = useAction();
  const decide = (decision: "agree" | "refuse") => {
    const said = cleanText(reason.trim(), true);
    setMissing(!said);
    if (said) void run(async () => {
      try {
        replace(await desk.decideProposal(proposal.number, decision, said));
        announce(say(decision === "agree" ? proposalWords.agreedNow : proposalWords.refusedNow));
      } catch (caught) {
        if (caught instanceof ProblemError && caught.status === 409) again();
        throw caught;
      }
    });
  };
  return (
    <form class="card decision" onSubmit={(event) => event.preventDefault()} noValidate>
      {proposal.kind === "original" ? <Notice kind="bad">{say(proposalWords.agreeOriginal)}</Notice> : <p>{say(proposalWords.agreeWhat)}</p>}
      <ReasonField value={reason} onValue={(value) => { setReason(value); setMissing(false); }} missing={missing} usual={[["内容を確認した", "I have looked at it"]]} />
      {error !== undefined && <ProblemNotice error={error} />}
      <p class="row">
        <button type="button" class={proposal.kind === "original" ? "danger" : "primary"} disabled={running} onClick={() => decide("agree")}>{say(proposalWords.agree)}</button>
        <button type="button" disabled={running} onClick={() => decide("refuse")}>{say(proposalWords.refuse)}</button>
      </p>
    </form>
  );
}

function BreakGlass({ proposal, replace, again }: Props) {
  const [open, setOpen] = useState(false);
  const [sure, setSure] = useState(false);
  const [needSure, setNeedSure] = useState(false);
  const [reason, setReason] = useState("");
  const [missing, setMissing] = useState(false);
  const { running, error, run } = useAction();
  const send = (event: Event) => {
    event.preventDefault();
    const said = cleanText(reason.trim(), true);
    setMissing(!said);
    setNeedSure(!sure);
    if (said && sure) void run(async () => {
      try {
        replace(await desk.breakGlass(proposal.number, said));
        announce(say(proposalWords.glassNow));
        setOpen(false);
      } catch (caught) {
        if (caught instanceof ProblemError && caught.status === 409) again();
        throw caught;
      }
    });
  };
  return (
    <p class="keep no-print">
      <button type="button" class="danger" onClick={() => setOpen(true)}>{say(proposalWords.glass)}…</button>
      {open && (
        <Dialog title={say(proposalWords.glass)} close={() => setOpen(false)}>
          <form onSubmit={send} noValidate>
            <Notice kind="bad">{say(proposalWords.glassWhat)}</Notice>
            <ReasonField value={reason} onValue={(value) => { setReason(value); setMissing(false); }} missing={missing} usual={[]} autoFocus />
            <p class="field"><label class="tick"><input type="checkbox" checked={sure} aria-describedby={needSure ? "need-sure" : undefined} onChange={(event) => { setSure(event.currentTarget.checked); setNeedSure(false); }} /> {say(proposalWords.glassSure)}</label></p>
            {needSure && <p class="field-error" id="need-sure" role="alert">{say(proposalWords.glassNeedSure)}</p>}
            {error !== undefined && <ProblemNotice error={error} />}
            <p class="row"><button class="danger" disabled={running}>{say(proposalWords.glass)}</button><button type="button" onClick={() => setOpen(false)}>{say(decideWords.cancel)}</button></p>
          </form>
        </Dialog>
      )}
    </p>
  );
}
