// Inviting: people without an account are asked for files, and what became of it.
import { useEffect, useRef, useState } from "preact/hooks";
import { call, ProblemError, type Schemas } from "../shared/api";
import { announce, Badge, Field, Heading, Loading, Notice, ProblemNotice, useAction, useAsked, type Tone } from "../shared/controls";
import { cleanText, sayRemaining, sayTime } from "../shared/format";
import { say, type Text } from "../shared/language";
import type { Session } from "../shared/session";
import { NotFound } from "../shared/shell";
import { useStore } from "../shared/store";
import { entitlement } from "./entitlement";
import { inviting as words, words as common } from "./words";

type Invitation = Schemas["Invitation"];

const kStates: Record<Invitation["state"], { word: Text; tone: Tone }> = {
  open: { word: words.open, tone: "busy" },
  used: { word: words.used, tone: "good" },
  revoked: { word: words.revoked, tone: "bad" },
  expired: { word: words.expired, tone: "plain" },
};

export function Invitations({ session }: { session: Session }) {
  const { login, invites } = useStore(entitlement);
  if (login !== session.login) return <Loading />;
  return invites ? <Inviting /> : <NotFound />;
}

function Inviting() {
  const asked = useAsked((signal) => call("get", "/invitations", { signal }), []);
  const [told, setTold] = useState("");
  return (
    <>
      <Heading>{say(words.title)}</Heading>
      <p class="lead">{say(words.intro)}</p>
      <div class="beside">
        <Form invited={(mail) => { setTold(mail); announce(say(words.sent, { mail })); asked.again(); }} begun={() => setTold("")} told={told} />
        <section aria-labelledby="mine">
          <h2 id="mine">{say(words.mine)}</h2>
          {asked.error !== undefined ? <ProblemNotice error={asked.error} retry={asked.again} />
            : !asked.value ? <Loading />
            : !asked.value.invitations.length ? <p>{say(words.none)}</p>
            : <ul class="list">{asked.value.invitations.map((one) => <Row key={one.id} one={one} again={asked.again} />)}</ul>}
        </section>
      </div>
    </>
  );
}

function Form({ invited, begun, told }: { invited: (mail: string) => void; begun: () => void; told: string }) {
  const [mail, setMail] = useState("");
  const [message, setMessage] = useState("");
  const { running, error, run } = useAction();
  const submit = (event: Event) => {
    event.preventDefault();
    begun();
    void run(async () => {
      const said = cleanText(message.trim(), true);
      const address = cleanText(mail.trim().replace(/＠/g, "@"));
      const one = await call("post", "/invitations", { body: said ? { mail: address, message: said } : { mail: address } });
      setMail("");
      setMessage("");
      invited(one.mail);
    });
  };
  const problem = error instanceof ProblemError ? error : undefined;
  const wrong = problem?.code === "invalid" && problem.fields.some((field) => field.startsWith("mail"));
  return (
    <form class="card" onSubmit={submit}>
      {told && <Notice kind="good">{say(words.sent, { mail: told })}</Notice>}
      <Field label={say(words.mail)} hint={say(words.mailHint)} type="email" inputMode="email" autocomplete="off" autocapitalize="none" required maxLength={254}
        value={mail} onValue={setMail} error={wrong ? say(common.notAnAddress, { text: mail }) : undefined} />
      <div class="field">
        <label for="words">{say(common.message)}{say(words.optional)}</label>
        <p class="hint" id="words-hint">{say(words.messageHint)}</p>
        <textarea id="words" rows={4} maxLength={1000} aria-describedby="words-hint" value={message} onInput={(event) => setMessage(event.currentTarget.value)} />
      </div>
      {problem?.code === "quota" ? <Notice kind="bad">{say(words.tooManyOpen)}</Notice>
        : problem?.code === "forbidden" && problem.title ? <Notice kind="bad">{problem.title}</Notice>
        : error !== undefined && !wrong && <ProblemNotice error={error} />}
      <button class="primary wide" disabled={running}>{say(words.invite)}</button>
    </form>
  );
}

function Row({ one, again }: { one: Invitation; again: () => void }) {
  const [asking, setAsking] = useState(false);
  const { running, error, run } = useAction();
  const begin = useRef<HTMLButtonElement>(null);
  const keep = useRef<HTMLButtonElement>(null);
  const row = useRef<HTMLLIElement>(null);
  useEffect(() => { if (asking) keep.current?.focus(); }, [asking]);
  const stay = () => {
    setAsking(false);
    requestAnimationFrame(() => begin.current?.focus());
  };
  const revoke = () =>
    void run(async () => {
      await call("delete", "/invitations/{invitation}", { path: { invitation: one.id } });
      announce(say(words.revokedNow, { mail: one.mail }));
      setAsking(false);
      row.current?.focus(); // the button that had it is gone
      again();
    });
  const { word, tone } = kStates[one.state];
  return (
    <li class="invitation" ref={row} tabIndex={-1}>
      <div class="file-head">
        <span class="file-name">{one.mail}</span>
        <Badge tone={tone}>{say(word)}</Badge>
      </div>
      <p class="hint">
        {say(words.invitedAt, { time: sayTime(one.created_at) })}
        {(one.state === "open" || one.state === "expired") && <><br />{say(words.goodUntil, { time: sayTime(one.expires_at) })}</>}
        {one.state === "open" && <> <span class="remaining">{sayRemaining(one.expires_at)}</span></>}
      </p>
      {one.message && <p class="message">{one.message}</p>}
      {error !== undefined && <ProblemNotice error={error} />}
      {one.state === "open" && (asking ? (
        <div class="confirm" role="group" aria-label={say(words.revokeSure, { mail: one.mail })} onKeyDown={(event) => { if (event.key === "Escape") stay(); }}>
          <p>{say(words.revokeSure, { mail: one.mail })}</p>
          <div class="row">
            <button type="button" class="danger" disabled={running} onClick={revoke}>{say(words.revoke)}</button>
            <button type="button" ref={keep} disabled={running} onClick={stay}>{say(words.keep)}</button>
          </div>
        </div>
      ) : (
        <p class="file-acts no-print"><button type="button" class="quiet" ref={begin} aria-label={say(words.revokeOf, { mail: one.mail })} onClick={() => setAsking(true)}>{say(words.revokeBegin)}</button></p>
      ))}
    </li>
  );
}
