// My files: list and search.
import { useEffect, useState } from "preact/hooks";
import { call, ProblemError } from "../shared/api";
import { announce, Heading, Loading, ProblemNotice } from "../shared/controls";
import { say } from "../shared/language";
import { usePages } from "../shared/pages";
import type { Session } from "../shared/session";
import { WrongRole } from "../shared/shell";
import { words as common } from "../shared/words";
import { DeliveryRows, type Delivery } from "./rows";
import { words } from "./words";

const kPageOf = 20;
const kTypingMs = 300; // quiet for so long: then it is searched

let lastQuery = ""; // stays when one comes back from a delivery

async function list(query: string, before?: string, signal?: AbortSignal): Promise<Delivery[]> {
  const wanted = before === undefined ? { limit: kPageOf, query } : { limit: kPageOf, query, before };
  return (await call("get", "/deliveries", signal ? { query: wanted, signal } : { query: wanted })).deliveries;
}

export function Inbox({ session }: { session: Session }) {
  const [text, setText] = useState(lastQuery);
  const [query, setQuery] = useState(lastQuery);
  const { all, error, again, failed, more, canMore } = usePages((before, signal) => list(query, before, signal), kPageOf, [query]);
  useEffect(() => {
    const timer = setTimeout(() => { lastQuery = text.trim(); setQuery(lastQuery); }, kTypingMs);
    return () => clearTimeout(timer);
  }, [text]);
  const count = all?.length;
  useEffect(() => { if (query && count !== undefined) announce(say(words.found, { n: count })); }, [query, count]);
  if (error instanceof ProblemError && error.code === "forbidden") return <WrongRole session={session} />;
  return (
    <>
      <Heading>{say(words.inbox)}</Heading>
      <form role="search" class="search no-print" onSubmit={(event) => { event.preventDefault(); lastQuery = text.trim(); setQuery(lastQuery); }}>
        <input type="search" aria-label={say(words.searchIn)} placeholder={say(words.searchIn)} maxLength={200} value={text} onInput={(event) => setText(event.currentTarget.value)} />
        <button>{say(common.search)}</button>
      </form>
      {error !== undefined ? <ProblemNotice error={error} retry={again} />
        : !all ? <Loading />
        : !all.length ? <p>{query ? say(words.nothingFound, { query }) : say(words.nothing)}</p>
        : <DeliveryRows deliveries={all} to="#/deliveries" />}
      {failed !== undefined && <ProblemNotice error={failed} retry={() => void more()} />}
      {canMore && <button type="button" onClick={() => void more()}>{say(common.more)}</button>}
    </>
  );
}
