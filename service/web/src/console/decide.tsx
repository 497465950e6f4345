// What can be decided about an item now: one button for each, and behind it what will happen, what it needs, and why.
import { useEffect, useRef, useState } from "preact/hooks";
import { ProblemError } from "../shared/api";
import { announce, Notice, ProblemNotice, useAction } from "../shared/controls";
import { cleanText } from "../shared/format";
import { say } from "../shared/language";
import { useStore } from "../shared/store";
import { ReasonField, Reasons } from "./bits";
import { decideWords, kinds } from "./decide_words";
import { AllowFields, CleanAgainFields, PartField, RecipientFields } from "./decide_fields";
import { about, desk } from "./desk";
import type { Decided, Decision, Item, Kind } from "./interface";
import { OriginalDialog } from "./original";

const kOrder: readonly Kind[] = ["release", "without-part", "clean-again", "retry", "hold", "reject", "delete", "allow"];
const kDangers: readonly Kind[] = ["reject", "delete"];
const kOfRecipients: readonly Kind[] = ["release", "retry", "clean-again", "without-part", "reject", "delete", "hold"];

interface Outcome extends Decided { kind: Kind | "original" }

export function Decide({ item, reviewer, again }: { item: Item; reviewer: boolean; again: () => void }) {
  const known = useStore(about);
  const [chosen, setChosen] = useState<Kind>();
  const [original, setOriginal] = useState(false);
  const [outcome, setOutcome] = useState<Outcome>();
  if (!reviewer) return <section class="card decide" aria-labelledby="decide"><h2 id="decide">{say(decideWords.decide)}</h2><p class="hint">{say(decideWords.readOnly)}</p></section>;
  const offered = kOrder.filter((kind) => item.allowed.includes(kind));
  const mayOriginal = item.original.kept && (item.allowed.includes("original") || (known?.originals ?? false));
  const decided = (what: Outcome) => {
    setOutcome(what);
    setChosen(undefined);
    announce(sayOutcome(what));
    again();
  };
  return (
    <section class="card decide" aria-labelledby="decide">
      <h2 id="decide">{say(decideWords.decide)}</h2>
      {outcome && <OutcomeNotice outcome={outcome} />}
      {!offered.length && !mayOriginal && <p class="hint">{say(decideWords.nothing)}</p>}
      <div class="kinds">
        {offered.map((kind) => (
          <button key={kind} type="button" data-kind={kind} aria-expanded={chosen === kind} class={kind === "release" ? "primary" : kDangers.includes(kind) ? "danger" : ""}
            onClick={() => { setOutcome(undefined); setChosen(chosen === kind ? undefined : kind); }}>{say(kinds[kind].word)}</button>
        ))}
      </div>
      {chosen && offered.includes(chosen) && <Form key={chosen} kind={chosen} item={item} decided={decided} again={again} cancel={() => setChosen(undefined)} />}
      {mayOriginal && <p class="original-ask"><button type="button" class="danger" data-kind="original" onClick={() => setOriginal(true)}>{say(kinds.original.word)}…</button></p>}
      <p class="hint">{say(decideWords.decideHint)}</p>
      {original && <OriginalDialog item={item} close={() => setOriginal(false)} proposed={(proposal) => { setOriginal(false); decided({ kind: "original", proposal }); }} />}
    </section>
  );
}

function sayOutcome({ kind, recipients, proposal, state, why }: Outcome): string {
  if (proposal !== undefined) return say(decideWords.proposed);
  if (state === "working") return say(decideWords.working);
  const what = say(kinds[kind].word);
  if (why?.length) return say(decideWords.heldAgain, { what });
  return recipients ? say(decideWords.done, { what, n: recipients }) : say(decideWords.doneNone, { what });
}
function OutcomeNotice({ outcome }: { outcome: Outcome }) {
  return (
    <Notice kind={outcome.why?.length ? "warn" : outcome.proposal !== undefined || outcome.state === "working" ? "info" : "good"}>
      <p>{sayOutcome(outcome)}</p>
      {outcome.why?.length ? <Reasons reasons={outcome.why} /> : null}
      {outcome.proposal !== undefined && <p><a href={`#/proposals/${outcome.proposal}`}>{say(decideWords.proposedSee, { n: outcome.proposal })}</a></p>}
    </Notice>
  );
}

function Form({ kind, item, decided, again, cancel }: { kind: Kind; item: Item; decided: (outcome: Outcome) => void; again: () => void; cancel: () => void }) {
  const [reason, setReason] = useState("");
  const [missing, setMissing] = useState(false);
  const [more, setMore] = useState<Partial<Decision>>(kind === "reject" ? { notice: true } : kind === "allow" ? { days: 90 } : {});
  const [fault, setFault] = useState("");
  const { running, error, run } = useAction();
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => form.current?.querySelector<HTMLElement>("select, textarea, input")?.focus(), []);
  const { what, confirm, usual } = kinds[kind];
  const lacks = () =>
    more.recipients?.length === 0 ? say(decideWords.needRecipient)
    : kind === "clean-again" && !more.policy && !more.passwords?.length ? say(decideWords.needPolicy)
    : kind === "without-part" && !more.part ? say(decideWords.needPart)
    : kind === "allow" && !more.part_type ? say(decideWords.needType) : "";
  const send = (event: Event) => {
    event.preventDefault();
    const said = cleanText(reason.trim(), true);
    const lacking = lacks();
    setFault(lacking);
    setMissing(!said);
    if (lacking || !said) return;
    void run(async () => {
      try {
        const { policy, passwords, ...rest } = more;
        const body = { kind, reason: said, ...rest, ...(policy ? { policy } : {}), ...(passwords?.length ? { passwords } : {}) };
        decided({ kind, ...(await desk.decide(item.id, body)) });
      } catch (caught) {
        if (caught instanceof ProblemError && caught.status === 409) again(); // what it is now, above
        throw caught;
      }
    });
  };
  const change = (part: Partial<Decision>) => { setMore({ ...more, ...part }); setFault(""); };
  return (
    <form class="decide-form" ref={form} onSubmit={send} noValidate>
      <p>{say(what)}</p>
      {kind === "clean-again" && <CleanAgainFields value={more} change={change} />}
      {kind === "without-part" && <PartField item={item} value={more} change={change} />}
      {kind === "allow" && <AllowFields item={item} value={more} change={change} />}
      {kOfRecipients.includes(kind) && item.recipients.length > 1 && <RecipientFields item={item} value={more} change={change} />}
      {kind === "reject" && (
        <p class="field"><label class="tick"><input type="checkbox" checked={more.notice ?? false} onChange={(event) => change({ notice: event.currentTarget.checked })} /> {say(decideWords.notice)}</label></p>
      )}
      {fault && <p class="field-error" role="alert">{fault}</p>}
      <ReasonField value={reason} onValue={(value) => { setReason(value); setMissing(false); }} missing={missing} usual={usual} />
      {error !== undefined && (error instanceof ProblemError && error.code === "decided" ? <Notice kind="warn">{say(decideWords.decidedMeanwhile)}</Notice> : <ProblemNotice error={error} />)}
      <p class="row">
        <button class={kDangers.includes(kind) ? "danger" : "primary"} disabled={running}>{say(confirm)}</button>
        <button type="button" onClick={cancel}>{say(decideWords.cancel)}</button>
      </p>
    </form>
  );
}
