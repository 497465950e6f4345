// The list: what came, newest first; searched, narrowed, selected, decided, by mouse and by keys.
import { useEffect, useRef, useState } from "preact/hooks";
import { ProblemError } from "../shared/api";
import { announce, Heading, Loading, Notice, ProblemNotice } from "../shared/controls";
import { say } from "../shared/language";
import { replaceQuery, routeQuery } from "../shared/route";
import { go } from "../shared/route";
import type { Session } from "../shared/session";
import { WrongRole } from "../shared/shell";
import { useStore } from "../shared/store";
import { words as common } from "../shared/words";
import { kBulkKinds, BulkDialog } from "./bulk";
import { kinds } from "./decide_words";
import { readWanted, writeWanted, type Wanted } from "./filters";
import type { ItemRow, Kind } from "./interface";
import { ItemRows } from "./item_rows";
import { KeysHelp } from "./keys_help";
import { useKeys } from "./keys";
import { kRowsMax, useListed } from "./listed";
import { Search } from "./search";
import { words } from "./words";

const kBulkMax = 200; // limits.h kReviewBulk

// Where one comes back to from an item.
let lastQuery = "";
let lastOpened = "";
export const listAddress = () => `#/${lastQuery ? `?${lastQuery}` : ""}`;

export function Items({ session }: { session: Session }) {
  const query = useStore(routeQuery);
  const wanted = readWanted(query);
  const listed = useListed(wanted);
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const [deciding, setDeciding] = useState<{ kind: Kind; items: ItemRow[] }>();
  const [help, setHelp] = useState(false);
  const decides = session.roles?.includes("reviewer") ?? false;
  const rows = listed.rows ?? [];
  const key = writeWanted(wanted);
  useEffect(() => {
    lastQuery = key;
    setSelected(new Set());
    setDeciding(undefined);
    setHelp(false);
  }, [key]);
  const arrived = listed.news.rows.length;
  useEffect(() => { if (arrived) announce(say(words.tellArrived, { n: arrived })); }, [arrived]);
  useEffect(() => { // back from an item: at its row
    if (listed.rows && lastOpened) rowOf(lastOpened)?.querySelector("a")?.focus();
    lastOpened = "";
  }, [listed.rows !== undefined]);

  const last = useRef("");
  const select = (id: string, on: boolean, range: boolean) => {
    const next = new Set(selected);
    const from = range ? rows.findIndex((row) => row.id === last.current) : -1;
    const to = rows.findIndex((row) => row.id === id);
    const touched = from < 0 ? [id] : rows.slice(Math.min(from, to), Math.max(from, to) + 1).map((row) => row.id);
    for (const one of touched) if (on) next.add(one); else next.delete(one);
    last.current = id;
    setSelected(next);
  };
  const move = (by: number) => {
    const links = [...document.querySelectorAll<HTMLElement>(".items .item-link")];
    const here = links.findIndex((link) => link.closest(".item")?.contains(document.activeElement));
    links[here < 0 ? 0 : Math.max(0, Math.min(links.length - 1, here + by))]?.focus();
    if (here + by >= links.length - 3) void listed.more();
  };
  const focused = () => rows.find((row) => row.id === document.activeElement?.closest<HTMLElement>(".item")?.dataset["id"]);
  const decide = (kind: Kind) => {
    const items = selected.size ? rows.filter((row) => selected.has(row.id)) : [focused()].filter((row) => row !== undefined);
    if (decides && items.length && items.length <= kBulkMax) setDeciding({ kind, items });
  };
  useKeys({
    j: () => move(1), k: () => move(-1), o: () => open(focused()), Enter: () => open(focused()),
    x: () => { const row = focused(); if (row && decides) select(row.id, !selected.has(row.id), false); },
    r: () => decide("release"), d: () => decide("delete"),
    n: () => listed.showNews(), "/": () => document.getElementById("search")?.focus(), "?": () => setHelp(true),
  });
  const change = (next: Wanted) => replaceQuery(writeWanted(next));
  if (listed.error instanceof ProblemError && listed.error.code === "forbidden") return <WrongRole session={session} />;
  return (
    <>
      <div class="h2-row"><Heading>{say(words.inbox)}</Heading>
        <button type="button" class="quiet no-print" onClick={() => setHelp(true)}>{say(words.keys)} <kbd>?</kbd></button></div>
      <Search wanted={wanted} change={change} />
      {listed.error !== undefined && <ProblemNotice error={listed.error} retry={listed.again} />}
      {!listed.complete && <Notice>{say(words.incomplete)}</Notice>}
      {listed.stopped && <Notice><p>{say(words.liveStopped)}</p><button type="button" onClick={listed.again}>{say(words.resume)}</button></Notice>}
      {arrived > 0 && (
        <p class="arrived"><button type="button" onClick={() => { listed.showNews(); window.scrollTo(0, 0); }}>{say(listed.news.many ? words.arrivedMany : words.arrived, { n: arrived })}</button></p>
      )}
      {listed.rows === undefined ? (listed.error === undefined && <Loading />) : !rows.length ? <Nothing wanted={wanted} change={change} /> : (
        <div onClick={(event) => { lastOpened = (event.target as HTMLElement).closest<HTMLElement>(".item")?.dataset["id"] ?? ""; }}>
          <p class="list-head">
            {decides && (
              <label class="tick"><input type="checkbox" checked={selected.size > 0 && selected.size >= rows.length} onChange={(event) => setSelected(new Set(event.currentTarget.checked ? rows.map(({ id }) => id) : []))} /> {say(words.selectShown)}</label>
            )}
            <span class="hint">{say(listed.canMore ? words.foundMore : words.found, { n: rows.length })}</span>
          </p>
          <ItemRows items={rows} selected={selected} select={decides ? select : undefined} stale={listed.stale} label={say(words.inbox)} />
        </div>
      )}
      {listed.canMore && <More more={listed.more} />}
      {rows.length >= kRowsMax && <Notice>{say(words.tooMany, { n: kRowsMax })}</Notice>}
      {selected.size > 0 && <SelectedBar n={selected.size} decide={decide} clear={() => setSelected(new Set())} />}
      {deciding && (
        <BulkDialog kind={deciding.kind} items={deciding.items} close={() => setDeciding(undefined)} decided={() => { setSelected(new Set()); listed.again(); }} />
      )}
      {help && <KeysHelp close={() => setHelp(false)} />}
    </>
  );

  function open(row: ItemRow | undefined): void {
    if (!row) return;
    lastOpened = row.id;
    go(`#/items/${row.id}`);
  }
}

function rowOf(id: string): Element | undefined {
  return [...document.querySelectorAll<HTMLElement>(".item")].find(({ dataset }) => dataset["id"] === id);
}

function Nothing({ wanted, change }: { wanted: Wanted; change: (wanted: Wanted) => void }) {
  const { q } = wanted;
  return (
    <div class="card">
      <p>{say(writeWanted(wanted) === "state=held" ? words.nothingHeld : words.nothing)}</p>
      {q && Object.keys(wanted).length > 1 && <p class="after"><button type="button" onClick={() => change({ q })}>{say(words.lookEverywhere, { query: q })}</button></p>}
    </div>
  );
}

// Goes on by itself when one scrolls to the end; the button is for those who do not scroll.
function More({ more }: { more: () => Promise<void> }) {
  const button = useRef<HTMLButtonElement>(null);
  const current = useRef(more);
  current.current = more;
  useEffect(() => {
    const seen = new IntersectionObserver((entries) => { if (entries.some(({ isIntersecting }) => isIntersecting)) void current.current(); }, { rootMargin: "600px" });
    seen.observe(button.current!);
    return () => seen.disconnect();
  }, []);
  return <p class="row row-middle no-print"><button type="button" ref={button} onClick={() => void more()}>{say(common.more)}</button></p>;
}

function SelectedBar({ n, decide, clear }: { n: number; decide: (kind: Kind) => void; clear: () => void }) {
  return (
    <section class="selected-bar no-print" aria-label={say(words.selected, { n })}>
      <strong aria-live="polite">{say(words.selected, { n })}</strong>
      {n > kBulkMax ? <span class="hint-warn">{say(words.tooManySelected, { n: kBulkMax })}</span> : (
        <span class="row">
          {kBulkKinds.map((kind) => <button key={kind} type="button" class={kind === "release" ? "primary" : kind === "delete" || kind === "reject" ? "danger" : ""} onClick={() => decide(kind)}>{say(kinds[kind].word)}</button>)}
        </span>
      )}
      <button type="button" class="quiet" onClick={clear}>{say(words.unselect)}</button>
    </section>
  );
}
