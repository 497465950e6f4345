// A list that comes in pages, the newest first. A page may be shorter than it could be (its entries are large): only an empty one
// is the end.
import { useEffect, useRef, useState } from "preact/hooks";
import { useAsked } from "./controls";

interface Older<T> {
  behind?: readonly T[]; // the first page that these follow
  rows: readonly T[];
  short: boolean; // the last of the pages
  ended: boolean;
}

export function usePages<T extends { id: string }>(ask: (before: string | undefined, signal?: AbortSignal) => Promise<readonly T[]>, pageOf: number, wanted: readonly unknown[]) {
  const first = useAsked((signal) => ask(undefined, signal), wanted);
  const [kept, setKept] = useState<Older<T>>({ rows: [], short: false, ended: false });
  const [failed, setFailed] = useState<unknown>();
  const asking = useRef<readonly T[]>();
  const behind = first.value;
  // What followed another first page (another search) does not follow this one.
  const older = kept.behind === behind ? kept : { rows: [], short: (behind?.length ?? 0) < pageOf, ended: false };
  const all = behind && [...behind, ...older.rows];
  const last = all?.at(-1)?.id;
  const more = async () => {
    if (!behind || last === undefined || asking.current === behind) return;
    asking.current = behind; // a second click does not bring the same page twice
    setFailed(undefined);
    try {
      const rows = await ask(last);
      if (asking.current === behind) setKept({ behind, rows: [...older.rows, ...rows], short: rows.length < pageOf, ended: !rows.length });
    } catch (error) {
      if (asking.current === behind) setFailed(error);
    } finally {
      if (asking.current === behind) asking.current = undefined;
    }
  };
  const goesOn = last !== undefined && older.short && !older.ended && failed === undefined;
  useEffect(() => { if (goesOn) void more(); }, [goesOn, last]);
  return { all, error: first.error, again: first.again, failed, more, canMore: last !== undefined && !older.short && !older.ended };
}
