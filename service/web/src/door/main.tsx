// Where the link in a notice leads: what its one recipient was not given, and how to ask for it or open it. Nobody signs in; nothing
// can be taken from here.
import "../shared/style.css";
import { render } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { call, ProblemError, type Schemas } from "../shared/api";
import { announce, Announcer, Badge, Field, Heading, Loading, Notice, ProblemNotice, useAction, useAsked, type Tone } from "../shared/controls";
import { sayBytes, sayTime } from "../shared/format";
import { language, say, sayEither, type Text } from "../shared/language";
import { LanguageSwitch, Mark } from "../shared/shell";
import { useStore } from "../shared/store";
import { takeToken } from "./link";
import { words } from "./words";

type Door = Schemas["Door"];
type Part = Door["parts"][number];
type State = Schemas["DoorState"];

const kSoonMs = 3000; // while something is under way
const kLaterMs = 30_000; // while a person decides

const token = takeToken();

function Page() {
  useStore(language);
  return (
    <>
      <header class="top no-print">
        <span class="brand"><Mark /><span class="brand-name">清め</span><span class="brand-site">{say(words.site)}</span></span>
        <span class="side">{say(words.side)}</span>
        <div class="top-end"><LanguageSwitch /></div>
      </header>
      <main id="content" tabIndex={-1}>
        <div class="page">{token ? <Opened /> : <><Heading>{say(words.heading)}</Heading><Notice>{say(words.noLink)}</Notice></>}</div>
      </main>
      <Announcer />
    </>
  );
}

function Opened() {
  const asked = useAsked((signal) => call("post", "/doors/open", { body: { token }, signal }), []);
  const { value: door, error } = asked;
  const again = useRef(asked.again);
  again.current = asked.again;
  const states = door ? [...door.parts.map((part) => part.state), door.password ?? "none"] : [];
  const every = states.includes("sending") ? kSoonMs : states.includes("asked") ? kLaterMs : 0;
  useEffect(() => {
    if (!every) return undefined;
    const timer = window.setInterval(() => { if (document.visibilityState === "visible") again.current(); }, every);
    return () => clearInterval(timer);
  }, [every]);
  if (error instanceof ProblemError && error.status === 404)
    return <><Heading>{say(words.heading)}</Heading><Notice kind="warn">{say(words.linkDead)}</Notice></>;
  if (error !== undefined) return <><Heading>{say(words.heading)}</Heading><ProblemNotice error={error} retry={asked.again} /></>;
  if (!door) return <Loading />;
  return (
    <>
      <Heading>{say(words.heading)}</Heading>
      <dl class="facts">
        <dt>{say(words.from)}</dt><dd>{door.sender}</dd>
        <dt>{say(words.subject)}</dt><dd>{door.subject || say(words.noSubject)}</dd>
        <dt>{say(words.received)}</dt><dd>{sayTime(door.received_at)}</dd>
        <dt>{say(words.to)}</dt><dd>{door.recipient}</dd>
        <dt>{say(words.until)}</dt><dd>{sayTime(door.until)}</dd>
      </dl>
      {door.password && <Password door={door} state={door.password} replace={asked.replace} />}
      <Parts door={door} replace={asked.replace} />
      <p class="hint">{say(words.byMail, { address: door.recipient })}</p>
      <p class="hint">{say(words.item)}: <code>{door.item}</code></p>
    </>
  );
}

const kBadges: Partial<Record<State, readonly [Tone, Text]>> = {
  sending: ["busy", words.stateAsked],
  asked: ["busy", words.stateAsked],
  refused: ["bad", words.stateRefused],
  granted: ["good", words.stateGranted],
  gone: ["plain", words.stateGone],
};
const kMeaning: Partial<Record<State, Text>> = { sending: words.sent, asked: words.asked, refused: words.refused, granted: words.granted, gone: words.gone };

function nameOf(part: Part): string {
  return part.part === "all" ? say(words.wholeMail) : part.name || say(words.noName);
}

function Parts({ door, replace }: { door: Door; replace: (door: Door) => void }) {
  const asking = useAction();
  const open = door.parts.filter((part) => part.can_ask && part.state === "none");
  const ask = (parts: readonly Part[]) => void asking.run(async () => {
    replace(await call("post", "/doors/ask", { body: { token, parts: parts.map((part) => part.part) } }));
    announce(say(words.asked));
  });
  return (
    <>
      <div class="h2-row">
        <h2>{say(words.parts)}</h2>
        {open.length > 1 && <button type="button" disabled={asking.running} onClick={() => ask(open)}>{say(words.askAll, { n: open.length })}</button>}
      </div>
      {open.length > 0 && <p class="hint">{say(words.askHint)}</p>}
      {asking.error !== undefined && <ProblemNotice error={asking.error} />}
      <ul class="files">{door.parts.map((part) => <PartRow key={part.part} part={part} ask={ask} running={asking.running} />)}</ul>
    </>
  );
}

function PartRow({ part, ask, running }: { part: Part; ask: (parts: readonly Part[]) => void; running: boolean }) {
  const [tone, text] = kBadges[part.state] ?? (part.locked ? (["warn", words.stateLocked] as const) : (["warn", words.stateNone] as const));
  const meaning = kMeaning[part.state];
  return (
    <li class="file">
      <div class="file-head">
        <span class="file-name">{nameOf(part)}</span>
        <span class="file-size">{sayBytes(part.bytes)}</span>
        <Badge tone={tone}>{say(text)}</Badge>
      </div>
      {meaning && <p class="hint">{say(meaning)}</p>}
      {part.findings.length > 0 && (
        <>
          <p class="findings-head">{say(words.why)}</p>
          <ul class="findings">{part.findings.map((finding) => <li key={finding.code} class={`finding finding-${finding.effect}`}>{sayEither(finding)}</li>)}</ul>
        </>
      )}
      {part.can_ask && part.state === "none" && (
        <p class="row"><button type="button" class={part.locked ? "" : "primary"} disabled={running} aria-label={say(words.askOf, { action: say(words.ask), name: nameOf(part) })} onClick={() => ask([part])}>{say(words.ask)}</button></p>
      )}
    </li>
  );
}

const kPasswordSaid: Partial<Record<State, readonly ["info" | "good" | "warn", Text]>> = {
  sending: ["info", words.checking],
  wrong: ["warn", words.wrong],
  opened: ["good", words.opened],
  spent: ["warn", words.spent],
  gone: ["warn", words.gone],
  lost: ["warn", words.lost],
};

function Password({ door, state, replace }: { door: Door; state: State; replace: (door: Door) => void }) {
  const [password, setPassword] = useState("");
  const sending = useAction();
  const said = kPasswordSaid[state];
  const shut = state === "spent" || state === "gone";
  const text = said && say(said[1]);
  useEffect(() => { if (text) announce(text); }, [text]);
  const send = () => void sending.run(async () => {
    replace(await call("post", "/doors/password", { body: { token, password } }));
    setPassword("");
  });
  return (
    <section aria-labelledby="password-head">
      <h2 id="password-head">{say(words.passwordHead)}</h2>
      {said && <Notice kind={said[0]}>{text}</Notice>}
      {sending.error !== undefined && <ProblemNotice error={sending.error} />}
      {!shut && (
        <form onSubmit={(event) => { event.preventDefault(); send(); }}>
          <Field label={say(words.password)} hint={say(words.passwordHint, { address: door.recipient })} type="password" value={password} onValue={setPassword}
            autocomplete="off" maxLength={128} required />
          <p class="row"><button type="submit" class="primary" disabled={sending.running || state === "sending" || !password}>{say(words.send)}</button></p>
        </form>
      )}
    </section>
  );
}

document.documentElement.lang = language.get();
document.documentElement.dataset.site = "pick-up";
window.addEventListener("hashchange", () => location.reload()); // another notice's link, opened in this tab
render(<Page />, document.getElementById("page")!);
