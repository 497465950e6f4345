// One item: what it is and where it stands in a sentence, what came beside what is left of it, what happened, what is like it, and
// what can be decided.
import { useEffect, useState } from "preact/hooks";
import { unused } from "../shared/activity";
import { ProblemError } from "../shared/api";
import { Heading, Loading, Notice, ProblemNotice, useAsked } from "../shared/controls";
import { sayBytes, sayTime } from "../shared/format";
import { say } from "../shared/language";
import { go } from "../shared/route";
import type { Session } from "../shared/session";
import { NotFound, WrongRole } from "../shared/shell";
import { words as common } from "../shared/words";
import { Copy, kShownDigits, Reasons, StateBadge, standingOf, titleOf, When } from "./bits";
import { Decide } from "./decide";
import { kinds } from "./decide_words";
import { desk } from "./desk";
import type { Item } from "./interface";
import { Came } from "./item_came";
import { Left } from "./item_left";
import { ItemRows } from "./item_rows";
import { Path } from "./item_path";
import { listAddress } from "./items";
import { KeysHelp } from "./keys_help";
import { useKeys } from "./keys";
import { LegalHold } from "./legal_hold";
import { meanings, words } from "./words";

const kRefreshMs = 4000;
const kRecipientsFirst = 5;

// The item, asked for again as long as somebody looks at it: cleaning and delivering go on meanwhile, and so do colleagues.
function useItem(id: string) {
  const [item, setItem] = useState<Item>();
  const [error, setError] = useState<unknown>();
  const [round, setRound] = useState(0);
  useEffect(() => {
    const over = new AbortController();
    let timer = 0;
    let known = "";
    const again = () => { timer = window.setTimeout(() => void ask(), kRefreshMs); };
    const ask = async () => {
      if (known && (unused() || document.visibilityState === "hidden")) return again();
      try {
        const fresh = await desk.item(id, over.signal);
        const text = JSON.stringify(fresh);
        if (text !== known) setItem(fresh);
        known = text;
        setError(undefined);
        again();
      } catch (caught) {
        if (over.signal.aborted) return;
        setError(caught);
        if (!(caught instanceof ProblemError) || caught.status === 0 || caught.status >= 500) again();
      }
    };
    void ask();
    return () => {
      over.abort();
      clearTimeout(timer);
    };
  }, [id, round]);
  return { item, error, again: () => setRound(round + 1) };
}

export function ItemPage({ id, session }: { id: string; session: Session }) {
  const { item, error, again } = useItem(id);
  const [help, setHelp] = useState(false);
  const press = (kind: string) => document.querySelector<HTMLButtonElement>(`.kinds button[data-kind="${kind}"]`)?.click();
  useKeys({ u: () => go(listAddress()), r: () => press("release"), d: () => press("delete"), "?": () => setHelp(true) });
  if (error instanceof ProblemError && error.code === "forbidden") return <WrongRole session={session} />;
  if (error instanceof ProblemError && [400, 404, 422].includes(error.status)) return <NotFound />;
  if (!item) return error !== undefined ? <ProblemNotice error={error} retry={again} /> : <Loading />;
  const reviewer = session.roles?.includes("reviewer") ?? false;
  return (
    <>
      <p class="no-print"><a href={listAddress()}>‹ {say(common.back)}</a></p>
      <div class="item-title"><Heading>{titleOf(item)}</Heading><StateBadge of={item} /></div>
      <p class="lead">{say(meanings[standingOf(item)])}</p>
      {error !== undefined && <ProblemNotice error={error} />}
      <Waits item={item} />
      <div class="item-page">
        <div class="item-decide no-print">
          <Decide item={item} reviewer={reviewer} again={again} />
          <LegalHold item={item} session={session} again={again} />
        </div>
        <div class="item-body">
          <Facts item={item} />
          <section aria-labelledby="reasons">
            <h2 id="reasons">{say(words.reasons)}</h2>
            {item.reasons.length ? <Reasons reasons={item.reasons} /> : <p class="hint">{say(words.reasonsNone)}</p>}
          </section>
          <section aria-labelledby="compare">
            <h2 id="compare">{say(words.compare)}</h2>
            <div class="compare"><Came item={item} /><Left item={item} /></div>
          </section>
          <Path item={item} />
          <Similar id={id} />
        </div>
      </div>
      {help && <KeysHelp close={() => setHelp(false)} />}
    </>
  );
}

// What other people wait for.
function Waits({ item }: { item: Item }) {
  return (
    <>
      {item.locked && <Notice>{say(words.locked)}</Notice>}
      {item.requests.map((request) => (
        <Notice key={request.number} kind="warn"><p>{say(words.asksFor, { name: request.recipient, part: request.part_name || titleOf(item) })} – <When at={request.asked_at} brief /> <a href="#/requests">{say(words.seeIt)}</a></p></Notice>
      ))}
      {item.proposals.map((proposal) => (
        <Notice key={proposal.number} kind="warn">
          <p>{say(words.waitsFor, { kind: say(kinds[proposal.kind as keyof typeof kinds]?.word ?? [proposal.kind, proposal.kind]), name: proposal.by })} <a href={`#/proposals/${proposal.number}`}>{say(words.seeIt)}</a></p>
        </Notice>
      ))}
      {item.legal_hold && (
        <Notice><p>{say(words.keptNotice, { name: item.legal_hold.by, time: sayTime(item.legal_hold.at), reason: item.legal_hold.reason })}</p><p class="hint">{say(words.keptMeaning)}</p></Notice>
      )}
    </>
  );
}

function Facts({ item }: { item: Item }) {
  const [all, setAll] = useState(false);
  const shown = all ? item.recipients : item.recipients.slice(0, kRecipientsFirst);
  const { kept, until } = item.original;
  return (
    <dl class="facts facts-item">
      <dt>{say(words.sender)}</dt><dd>{item.sender || say(words.noSender)}</dd>
      <dt>{say(words.recipient)}</dt>
      <dd>
        <ul class="reached">
          {shown.map((recipient) => (
            <li key={recipient.index}><span>{recipient.address}</span>{recipient.department && <span class="hint">{recipient.department}</span>}<StateBadge of={recipient} />
              {recipient.status && <span class="hint">{recipient.status}</span>}
              {recipient.changed_at && <span class="hint"><When at={recipient.changed_at} brief /></span>}
            </li>
          ))}
        </ul>
        {!all && item.recipients.length > shown.length && <button type="button" class="link" onClick={() => setAll(true)}>{say(words.recipientsMore, { n: item.recipients.length })}</button>}
      </dd>
      <dt>{say(words.received)}</dt><dd><When at={item.received_at} /> · {say(item.direction === "drop" ? words.drop : words.mail)} · {sayBytes(item.bytes)}</dd>
      {item.client && <><dt>{say(words.from)}</dt><dd>{item.client}</dd></>}
      {(item.tenants.length > 0 || item.departments.length > 0) && <><dt>{say(words.department)}</dt><dd>{[...item.tenants, ...item.departments].join(" / ")}</dd></>}
      <dt>{say(words.original)}</dt><dd>{kept ? (until ? say(words.originalUntil, { time: sayTime(until) }) : say(words.originalKept)) : say(words.originalGone)}</dd>
      <dt>{say(words.id)}</dt><dd><Copy text={item.id} name={say(words.id)} /></dd>
      {item.sha256 && <><dt>{say(words.sha256)}</dt><dd><Copy text={item.sha256} shown={`${item.sha256.slice(0, kShownDigits)}…`} name={say(words.sha256)} /></dd></>}
    </dl>
  );
}

function Similar({ id }: { id: string }) {
  const asked = useAsked((signal) => desk.similar(id, signal), [id]);
  return (
    <section aria-labelledby="similar" class="no-print">
      <h2 id="similar">{say(words.similar)}</h2>
      {asked.error !== undefined ? <ProblemNotice error={asked.error} retry={asked.again} />
        : !asked.value ? <Loading />
        : asked.value.items.length ? <ItemRows items={asked.value.items} label={say(words.similar)} /> : <p class="hint">{say(words.similarNone)}</p>}
    </section>
  );
}
