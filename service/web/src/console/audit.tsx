// The auditor's page: entries with filters and export, the proof that nothing was changed, and the signed checkpoints.
import { useState } from "preact/hooks";
import { ProblemError } from "../shared/api";
import { announce, Badge, Heading, Loading, ProblemNotice, useAction, useAsked } from "../shared/controls";
import { say, type Text } from "../shared/language";
import type { Session } from "../shared/session";
import { WrongRole } from "../shared/shell";
import { words as common } from "../shared/words";
import { Copy, kShownDigits, useQuiet, When } from "./bits";
import { desk, fileOf } from "./desk";
import { sayDetail, sayEvent } from "./events";
import { today } from "./filters";
import type { AuditEntry, Verified } from "./interface";
import { auditWords, trails } from "./office_words";
import { Choice } from "./overview";
import { useCursor } from "./paged";
import { events, words } from "./words";

export type AuditTab = "entries" | "verify" | "checkpoints";
const kTypingMs = 300;
const kLimit = 100;
const kVerifyMs = 2000; // a long trail is read while we ask again
const kVerifyAsks = 150;

const sayTrail = (trail: string) => say(trails[trail] ?? [trail, trail]);

export function Audit({ tab, session }: { tab: AuditTab; session: Session }) {
  const tabs: readonly [AuditTab, string, Text][] = [["entries", "#/audit", auditWords.entries], ["verify", "#/audit/verify", auditWords.verify], ["checkpoints", "#/audit/checkpoints", auditWords.checkpoints]];
  if (!session.roles?.some((role) => role === "auditor" || role === "administrator")) return <WrongRole session={session} />;
  return (
    <>
      <Heading>{say(words.audit)}</Heading>
      <nav class="tabs no-print" aria-label={say(words.audit)}>{tabs.map(([name, to, text]) => <a key={name} href={to} aria-current={tab === name ? "page" : undefined}>{say(text)}</a>)}</nav>
      {tab === "entries" ? <Entries session={session} /> : tab === "verify" ? <Verify /> : <Checkpoints />}
    </>
  );
}

type Wanted = Record<"trail" | "event" | "actor" | "item" | "since" | "until", string>;

function Entries({ session }: { session: Session }) {
  const [typed, setTyped] = useState<Wanted>({ trail: "cleaner", event: "", actor: "", item: "", since: "", until: "" });
  const wanted = useQuiet(typed, kTypingMs);
  const [elsewhere, setElsewhere] = useState(false);
  const listed = useCursor(async (after, signal) => {
    const { entries, next, elsewhere: away } = await desk.audit({ ...wanted, after, limit: kLimit }, signal);
    setElsewhere(away ?? false);
    return { rows: entries, next };
  }, [JSON.stringify(wanted)]);
  const set = (name: keyof Wanted) => (value: string) => setTyped({ ...typed, [name]: value });
  const sees = session.roles?.some((role) => role === "reviewer" || role === "auditor") ?? false;
  return (
    <>
      <form role="search" class="row choosing no-print" onSubmit={(event) => event.preventDefault()}>
        <Choice label={auditWords.trail} value={typed.trail} choices={Object.keys(trails).map((trail) => [trail, sayTrail(trail)])} onValue={set("trail")} />
        <label class="choosing-one">{say(auditWords.event)}<input type="text" list="events" maxLength={64} value={typed.event} autocomplete="off" onInput={(event) => set("event")(event.currentTarget.value.trim())} />
          <datalist id="events">{Object.entries(events).map(([event, text]) => <option key={event} value={event}>{say(text)}</option>)}</datalist></label>
        {(["actor", "item"] as const).map((name) => <label key={name} class="choosing-one">{say(auditWords[name])}<input type="text" maxLength={100} value={typed[name]} autocomplete="off" spellcheck={false} onInput={(event) => set(name)(event.currentTarget.value.trim())} /></label>)}
        {(["since", "until"] as const).map((name) => <label key={name} class="choosing-one">{say(auditWords[name])}<input type="date" max={today()} value={typed[name]} onChange={(event) => set(name)(event.currentTarget.value)} /></label>)}
        {session.roles?.includes("auditor") && <a class="button" href={fileOf("/audit/export", { since: wanted.since, until: wanted.until })} download>{say(auditWords.exportAll)}</a>}
      </form>
      {listed.error !== undefined && <ProblemNotice error={listed.error} retry={listed.again} />}
      {!listed.rows ? (listed.error === undefined && <Loading />) : !listed.rows.length ? <p>{say(elsewhere ? auditWords.elsewhere : auditWords.none)}</p> : (
        <ol class="list entries">{listed.rows.map((entry) => <Entry key={entry.sequence} entry={entry} sees={sees} />)}</ol>
      )}
      {listed.canMore && <button type="button" disabled={listed.running} onClick={() => void listed.more()}>{say(common.more)}</button>}
    </>
  );
}

function Entry({ entry, sees }: { entry: AuditEntry; sees: boolean }) {
  const { sequence, at, event, item, actor, detail } = entry;
  return (
    <li class="entry">
      <span class="entry-number">{sequence}</span>
      <span class="entry-at"><When at={at} /></span>
      <span class="entry-event"><strong>{sayEvent(event)}</strong> <code class="hint">{event}</code></span>
      <span class="entry-actor">{actor}</span>
      <span class="entry-detail">{item && (sees ? <a href={`#/items/${item}`}><code>{item}</code></a> : <code>{item}</code>)} {detail && sayDetail(detail)}</span>
    </li>
  );
}

function Verify() {
  const [results, setResults] = useState<Verified[]>();
  const { running, error, run } = useAction();
  const verify = () => void run(async () => {
    setResults(undefined);
    let all: Verified[] | undefined;
    for (let tries = 0; !all && tries < kVerifyAsks; ++tries) {
      if (tries) await new Promise((resolve) => setTimeout(resolve, kVerifyMs));
      all = (await desk.verify()).trails;
    }
    if (!all) throw new ProblemError(503, "busy", "");
    setResults(all);
    announce(all.map(({ trail, intact }) => `${sayTrail(trail)}: ${say(intact ? auditWords.intact : auditWords.broken)}`).join(" / "));
  });
  return (
    <>
      <p class="lead">{say(auditWords.verifyWhat)}</p>
      <p><button type="button" class="primary" disabled={running} onClick={verify}>{say(running ? auditWords.verifying : auditWords.verifyNow)}</button></p>
      {error !== undefined && <ProblemNotice error={error} />}
      {results && (
        <ul class="files after">
          {results.map((trail) => (
            <li key={trail.trail} class="file verified">
              <div class="file-head"><span class="file-name">{sayTrail(trail.trail)}</span><Badge tone={trail.intact ? "good" : "bad"}>{say(trail.intact ? auditWords.intact : auditWords.broken)}</Badge></div>
              {trail.fault && <p class="hint-bad">{trail.fault}{trail.first_bad !== undefined && ` – ${say(auditWords.firstBad, { n: trail.first_bad })}`}</p>}
              <p class="hint">{say(auditWords.count)} {trail.entries.toLocaleString()} · {say(auditWords.signed)} {trail.checkpoints.toLocaleString()} · {say(auditWords.witnessed)} {trail.witnessed.toLocaleString()}
                {trail.last_checkpoint_at && <> · {say(auditWords.lastSigned)} <When at={trail.last_checkpoint_at} /></>}</p>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

function Checkpoints() {
  const asked = useAsked((signal) => desk.checkpoints(signal), []);
  if (asked.error !== undefined) return <ProblemNotice error={asked.error} retry={asked.again} />;
  if (!asked.value) return <Loading />;
  if (!asked.value.checkpoints.length) return <p>{say(auditWords.checkpointsNone)}</p>;
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={say(auditWords.checkpoints)}>
      <table class="figures">
        <thead><tr>{[auditWords.trail, auditWords.sequence, auditWords.at, auditWords.head, auditWords.told].map((text) => <th key={text[0]} scope="col">{say(text)}</th>)}</tr></thead>
        <tbody>
          {asked.value.checkpoints.map((one) => (
            <tr key={`${one.trail}${one.sequence}`}><th scope="row">{sayTrail(one.trail)}</th><td>{one.sequence}</td><td><When at={one.at} /></td>
              <td><Copy text={one.head} shown={`${one.head.slice(0, kShownDigits)}…`} name={`${say(auditWords.head)} ${one.sequence}`} /></td><td>{one.told_at ? <When at={one.told_at} /> : "–"}</td></tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
