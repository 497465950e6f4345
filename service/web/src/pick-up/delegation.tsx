// Who decides in my place while I am away.
import { useState } from "preact/hooks";
import { call, ProblemError, type Schemas } from "../shared/api";
import { announce, Field, Heading, Loading, Notice, ProblemNotice, useAction, useAsked } from "../shared/controls";
import { say } from "../shared/language";
import type { Session } from "../shared/session";
import { WrongRole } from "../shared/shell";
import { words as common } from "../shared/words";
import { words } from "./words";

type Choice = Schemas["Person"];
type Given = Schemas["Delegation"];

export function Delegation({ session }: { session: Session }) {
  const asked = useAsked((signal) => call("get", "/delegation", { signal }), []);
  const [saved, setSaved] = useState(false);
  if (asked.error instanceof ProblemError && asked.error.code === "forbidden") return <WrongRole session={session} />;
  return (
    <div class="narrow">
      <p class="no-print"><a href="#/approvals">‹ {say(common.back)}</a></p>
      <Heading>{say(words.delegation)}</Heading>
      <p>{say(words.delegationIntro)}</p>
      {asked.error !== undefined ? <ProblemNotice error={asked.error} retry={asked.again} />
        : !asked.value ? <Loading />
        : <Form key={JSON.stringify(asked.value.delegation)} given={asked.value.delegation} choices={asked.value.choices} again={asked.again} tell={setSaved} />}
      {saved && <Notice kind="good">{say(words.saved)}</Notice>}
    </div>
  );
}

function today(): string {
  const now = new Date();
  return `${now.getFullYear()}-${String(now.getMonth() + 1).padStart(2, "0")}-${String(now.getDate()).padStart(2, "0")}`;
}

function Form({ given, choices, again, tell }: { given: Given; choices: readonly Choice[]; again: () => void; tell: (saved: boolean) => void }) {
  const [to, setTo] = useState(given.to);
  const [until, setUntil] = useState(given.until ?? "");
  const { running, error, run } = useAction();
  const save = (delegation: Given) =>
    void run(async () => {
      tell(false);
      await call("put", "/delegation", { body: delegation });
      tell(true);
      announce(say(words.saved));
      again();
    });
  const submit = (event: Event) => {
    event.preventDefault();
    save(to && until ? { to, until } : { to });
  };
  const name = choices.find(({ login }) => login === given.to)?.name ?? given.to;
  const all = given.to && !choices.some(({ login }) => login === given.to) ? [{ login: given.to, name: given.to }, ...choices] : choices;
  if (!all.length) return <Notice>{say(words.noChoices)}</Notice>;
  return (
    <form class="card" onSubmit={submit}>
      {given.to && <Notice>{given.until ? say(words.current, { name, until: given.until }) : say(words.currentOpen, { name })}</Notice>}
      <div class="field">
        <label for="deputy">{say(words.delegate)}</label>
        <select id="deputy" value={to} onChange={(event) => { setTo(event.currentTarget.value); tell(false); }}>
          <option value="">{say(words.nobody)}</option>
          {all.map((one) => <option key={one.login} value={one.login}>{one.name}{"department" in one && one.department ? ` – ${one.department}` : ""}</option>)}
        </select>
      </div>
      <Field label={say(words.until)} type="date" value={until} min={today()} required={to !== ""} disabled={to === ""} onValue={(value) => { setUntil(value); tell(false); }} />
      {error !== undefined && <ProblemNotice error={error} />}
      <div class="row">
        <button class="primary" disabled={running}>{say(words.save)}</button>
        {given.to && <button type="button" disabled={running} onClick={() => save({ to: "" })}>{say(words.end)}</button>}
      </div>
    </form>
  );
}
