// Lists that go on behind a cursor: requests, proposals, audit entries.
import { useState } from "preact/hooks";
import { useAsked } from "../shared/controls";

interface Page<T> { rows: T[]; next?: string | undefined }

export function useCursor<T>(ask: (after: string | undefined, signal?: AbortSignal) => Promise<Page<T>>, wanted: readonly unknown[]) {
  const first = useAsked((signal) => ask(undefined, signal), wanted);
  const [older, setOlder] = useState<{ behind?: Page<T>; rows: T[]; next?: string | undefined }>({ rows: [] });
  const [failed, setFailed] = useState<unknown>();
  const [running, setRunning] = useState(false);
  const behind = first.value;
  const follows = older.behind === behind; // what followed another first page does not follow this one
  const next = behind && (follows ? older.next : behind.next);
  const rows = behind && (follows ? [...behind.rows, ...older.rows] : behind.rows);
  const more = async () => {
    if (next === undefined || !behind || running) return;
    setRunning(true);
    try {
      const page = await ask(next);
      setOlder({ behind, rows: [...(follows ? older.rows : []), ...page.rows], next: page.next });
      setFailed(undefined);
    } catch (caught) {
      setFailed(caught);
    } finally {
      setRunning(false);
    }
  };
  return { rows, error: first.error ?? failed, again: first.again, more, canMore: next !== undefined, running };
}
