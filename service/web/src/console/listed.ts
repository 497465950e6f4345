// The rows of the list: the first page, what follows it, and what arrives meanwhile, which waits until somebody wants to see it, so
// that nothing jumps under the pointer.
import { useEffect, useRef, useState } from "preact/hooks";
import { unused } from "../shared/activity";
import { desk, tellWaiting } from "./desk";
import { writeWanted, type Wanted } from "./filters";
import type { ItemRow } from "./interface";

const kPageOf = 50;
const kNewsMs = 3000;
const kRefreshEvery = 5; // of those: then what is shown is asked for again, for states change
const kPausedMs = 15_000; // after a failure
export const kRowsMax = 2000; // shown at once; who has read so many narrows the search

interface Shown { key: string; complete: boolean; rows: ItemRow[]; next?: string | undefined; newest?: string | undefined }
const kNothing: { rows: ItemRow[]; many: boolean } = { rows: [], many: false };

export function useListed(wanted: Wanted) {
  const key = writeWanted(wanted);
  const [shown, setShown] = useState<Shown>();
  const [error, setError] = useState<unknown>();
  const [news, setNews] = useState(kNothing);
  const [stopped, setStopped] = useState(false);
  const [round, setRound] = useState(0);
  const asking = useRef(false);
  const latest = useRef<Shown>();
  latest.current = shown;

  useEffect(() => {
    const over = new AbortController();
    setNews(kNothing);
    desk.items({ ...sendable(wanted), limit: kPageOf }, over.signal).then(
      (page) => {
        if (over.signal.aborted) return;
        setShown({ key, rows: page.items, next: page.next, newest: page.newest, complete: page.complete });
        setError(undefined);
        tellWaiting(page);
      },
      (caught: unknown) => over.signal.aborted || setError(caught),
    );
    return () => over.abort();
  }, [key, round]);

  const there = shown?.key === key;
  useEffect(() => {
    if (!there || stopped) return;
    const over = new AbortController();
    let timer = 0;
    let turn = 0;
    const again = (ms: number) => { timer = window.setTimeout(() => void ask(), ms); };
    const ask = async () => {
      if (unused()) return setStopped(true);
      if (document.visibilityState === "hidden") return again(kNewsMs);
      try {
        const before = latest.current?.newest;
        if (before !== undefined) {
          const page = await desk.items({ ...sendable(wanted), before, limit: kPageOf }, over.signal);
          if (page.items.length) {
            setNews((known) => ({ rows: [...page.items, ...known.rows], many: known.many || page.items.length >= kPageOf }));
            setShown((now) => now && { ...now, newest: page.newest ?? now.newest });
          }
          tellWaiting(page);
        }
        if (++turn % kRefreshEvery === 0 || before === undefined) {
          const page = await desk.items({ ...sendable(wanted), limit: kPageOf }, over.signal);
          tellWaiting(page);
          setShown((now) => now && (before === undefined ? { key, rows: page.items, next: page.next, newest: page.newest, complete: page.complete } : { ...now, rows: brought(now.rows, page.items) }));
        }
        again(kNewsMs);
      } catch {
        if (!over.signal.aborted) again(kPausedMs); // a sign-out shows itself; all else passes
      }
    };
    again(kNewsMs);
    return () => {
      over.abort();
      clearTimeout(timer);
    };
  }, [there, key, round, stopped]);

  const more = async () => {
    if (!shown || !there || shown.next === undefined || asking.current || shown.rows.length >= kRowsMax) return;
    asking.current = true;
    try {
      const page = await desk.items({ ...sendable(wanted), after: shown.next, limit: kPageOf });
      setShown((now) => (now?.key === key ? { ...now, rows: joined(now.rows, page.items), next: page.next } : now));
      setError(undefined);
    } catch (caught) {
      setError(caught);
    } finally {
      asking.current = false;
    }
  };
  return {
    rows: shown?.rows, stale: shown !== undefined && !there, complete: shown?.complete ?? true, error, news, stopped, more,
    canMore: there && shown.next !== undefined && shown.rows.length < kRowsMax,
    showNews: () => {
      if (news.many) return setRound(round + 1);
      setShown((now) => now && { ...now, rows: joined(news.rows, now.rows) });
      setNews(kNothing);
    },
    again: () => { setStopped(false); setRound(round + 1); },
  };
}

// A hash of which too little is typed is not looked for yet.
function sendable({ sha256, ...rest }: Wanted): Wanted {
  return sha256 && /^[0-9a-f]{6,64}$/i.test(sha256) ? { ...rest, sha256 } : rest;
}

function joined(first: readonly ItemRow[], second: readonly ItemRow[]): ItemRow[] {
  const known = new Set(first.map(({ id }) => id));
  return [...first, ...second.filter(({ id }) => !known.has(id))];
}
// The rows as they are now; what is no longer found stays until the list is asked for anew.
function brought(rows: readonly ItemRow[], fresh: readonly ItemRow[]): ItemRow[] {
  const now = new Map(fresh.map((row) => [row.id, row]));
  return rows.map((row) => now.get(row.id) ?? row);
}
