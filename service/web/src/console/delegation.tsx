// Who may stand in for me as the second person.
import { useState } from "preact/hooks";
import { ProblemError } from "../shared/api";
import { announce, Field, Heading, Loading, Notice, ProblemNotice, useAction, useAsked } from "../shared/controls";
import { say } from "../shared/language";
import type { Session } from "../shared/session";
import { WrongRole } from "../shared/shell";
import { desk } from "./desk";
import { dayOf, today } from "./filters";
import type { Delegation as Given } from "./interface";
import { delegationWords, proposalWords } from "./office_words";
import { ProposalTabs } from "./proposals";

export function Delegation({ session }: { session: Session }) {
  const asked = useAsked((signal) => desk.delegation(signal), []);
  if (asked.error instanceof ProblemError && asked.error.code === "forbidden") return <WrongRole session={session} />;
  return (
    <>
      <Heading>{say(proposalWords.delegation)}</Heading>
      <ProposalTabs here="delegation" reviewer />
      <div class="narrow">
        <p>{say(delegationWords.intro)}</p>
        {asked.error !== undefined ? <ProblemNotice error={asked.error} retry={asked.again} /> : !asked.value ? <Loading /> : <Form key={JSON.stringify(asked.value)} given={asked.value} again={asked.again} />}
      </div>
    </>
  );
}

function Form({ given, again }: { given: Given; again: () => void }) {
  const day = given.until ? dayOf(new Date(given.until)) : "";
  const [to, setTo] = useState(given.to ?? "");
  const [until, setUntil] = useState(day);
  const { running, error, run } = useAction();
  const save = (delegation: { to: string; until?: string }) => void run(async () => {
    await desk.delegate(delegation);
    announce(say(delegationWords.saved));
    again();
  });
  return (
    <form class="card" onSubmit={(event) => { event.preventDefault(); if (to.trim()) save({ to: to.trim(), until: new Date(`${until}T23:59:59`).toISOString() }); }}>
      {given.of?.map(({ login, until: end }) => <Notice key={login}>{say(delegationWords.of, { name: login, until: dayOf(new Date(end)) })}</Notice>)}
      {given.to && <Notice>{say(delegationWords.current, { name: given.to, until: day })}</Notice>}
      <Field label={say(delegationWords.to)} value={to} required autocomplete="off" autocapitalize="none" spellcheck={false} maxLength={100} onValue={setTo} />
      <Field label={say(delegationWords.until)} type="date" value={until} min={today()} required onValue={setUntil} />
      {error !== undefined && <ProblemNotice error={error} />}
      <p class="row"><button class="primary" disabled={running}>{say(delegationWords.save)}</button>
        {given.to && <button type="button" disabled={running} onClick={() => save({ to: "" })}>{say(delegationWords.end)}</button>}</p>
    </form>
  );
}
