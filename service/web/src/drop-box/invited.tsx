// Where an invitation's link leads: who asks for files is told, and the code from the letter proves that one is who was asked.
import { useState } from "preact/hooks";
import { call, ProblemError } from "../shared/api";
import { announce, Field, Heading, Notice, ProblemNotice, useAction } from "../shared/controls";
import { sayRemaining, sayTime } from "../shared/format";
import { say } from "../shared/language";
import { go } from "../shared/route";
import { standing, useSession, type Session } from "../shared/session";
import { useStore } from "../shared/store";
import { confirmed, invitationLink, keep, opened, type InvitationLink, type Opened } from "./invitation_link";
import { inviting as words } from "./words";

// What is shown instead of the sign-in and instead of somebody else's pages; nothing without a link.
export function entrance(session: Session | undefined) {
  const link = invitationLink.get();
  if (!link || (link.confirmed !== undefined && link.confirmed === session?.login)) return undefined;
  return <Invited key={link.token} link={link} session={session} />;
}

function Invited({ link, session }: { link: InvitationLink; session: Session | undefined }) {
  const { running, error, run } = useAction();
  const [dead, setDead] = useState(false);
  const { ended } = useStore(standing);
  const asking = (action: () => Promise<void>) =>
    void run(async () => {
      try {
        await action();
      } catch (caught) {
        if (!(caught instanceof ProblemError) || ![404, 422].includes(caught.status) || caught.code === "wrong-code") throw caught;
        setDead(true); // 422: a token that no letter of ours had
      }
    });
  const sendCode = () =>
    asking(async () => {
      opened(link, await call("post", "/invitations/open", { body: { token: link.token } }));
      announce(say(words.codeSent));
    });
  const confirm = (code: string) =>
    asking(async () => {
      const guest = await call("post", "/invitations/confirm", { body: { token: link.token, code } });
      confirmed(link, guest);
      useSession(guest);
      go("#/");
    });
  if (dead) return <Dead />;
  const who = session?.state === "signed-in" && link.confirmed === undefined ? session.name || session.login : undefined;
  return (
    <div class="narrow">
      <Heading>{say(words.asked)}</Heading>
      {ended && <Notice>{say(words.guestEnded)}</Notice>}
      {who && <Notice kind="warn">{say(words.otherSession, { name: who })}</Notice>}
      {link.opened ? <Code told={link.opened} running={running} error={error} confirm={confirm} again={sendCode} /> : (
        <div class="card">
          <p class="ask">{say(words.askedWhy)}</p>
          {error !== undefined && <ProblemNotice error={error} />}
          <button type="button" class="primary wide" disabled={running} onClick={sendCode}>{say(words.sendCode)}</button>
        </div>
      )}
      <p><button type="button" class="link" onClick={() => keep(undefined)}>{say(words.decline)}</button></p>
    </div>
  );
}

function Code({ told, running, error, confirm, again }: { told: Opened; running: boolean; error: unknown; confirm: (code: string) => void; again: () => void }) {
  const [code, setCode] = useState("");
  const [short, setShort] = useState(false);
  const submit = (event: Event) => {
    event.preventDefault();
    const given = code.normalize("NFKC").replace(/[\s-]/g, ""); // full-width digits are digits
    setShort(!/^[0-9]{6}$/.test(given));
    if (!/^[0-9]{6}$/.test(given)) return;
    setCode("");
    confirm(given);
  };
  const wrong = error instanceof ProblemError && error.code === "wrong-code";
  return (
    <>
      <dl class="facts">
        <dt>{say(words.inviter)}</dt><dd>{told.inviter}</dd>
        <dt>{say(words.until)}</dt><dd>{sayTime(told.expiresAt)} <span class="remaining">{sayRemaining(told.expiresAt)}</span></dd>
      </dl>
      <form class="card" onSubmit={submit} noValidate>
        <p class="ask">{say(words.codeSentTo, { mail: told.mailHint })}</p>
        {error !== undefined && !wrong && <ProblemNotice error={error} />}
        {wrong && <Notice kind="bad">{say(words.wrongCode)}</Notice>}
        <Field label={say(words.code)} hint={say(words.codeHint)} error={short ? say(words.codeForm) : undefined} value={code} onValue={(value) => { setCode(value); setShort(false); }}
          class="code" inputMode="numeric" autocomplete="one-time-code" required maxLength={20} />
        <button class="primary wide" disabled={running}>{say(words.confirm)}</button>
        <p class="after"><button type="button" class="link" disabled={running} onClick={again}>{say(words.sendCodeAgain)}</button></p>
      </form>
    </>
  );
}

function Dead() {
  return (
    <div class="narrow">
      <Heading>{say(words.dead)}</Heading>
      <p>{say(words.deadWhy)}</p>
      <p>{say(words.deadWhatNow)}</p>
      <p><button type="button" class="link" onClick={() => keep(undefined)}>{say(words.decline)}</button></p>
    </div>
  );
}
