// My files: list and search.
import { useEffect, useState } from "preact/hooks";
import { call, ProblemError } from "../shared/api";
import { announce, Heading, Loading, ProblemNotice, useAsked } from "../shared/controls";
import { say } from "../shared/language";
import type { Session } from "../shared/session";
import { WrongRole } from "../shared/shell";
import { words as common } from "../shared/words";
import { DeliveryRows, type Delivery } from "./rows";
import { words } from "./words";

const kPageOf = 20;
const kTypingMs = 300; // quiet for so long: then it is searched

let lastQuery = ""; // stays when one comes back from a delivery

export function Inbox({ session }: { session: Session }) {
  const [text, setText] = useState(lastQuery);
  const [query, setQuery] = useState(lastQuery);
  const [older, setOlder] = useState<Delivery[]>([]);
  const [ended, setEnded] = useState(false);
  const [failed, setFailed] = useState<unknown>();
  const asked = useAsked((signal) => call("get", "/deliveries", { query: { limit: kPageOf, query }, signal }), [query]);
  useEffect(() => {
    const timer = setTimeout(() => { lastQuery = text.trim(); setQuery(lastQuery); }, kTypingMs);
    return () => clearTimeout(timer);
  }, [text]);
  useEffect(() => { setOlder([]); setEnded(false); }, [query]);
  const count = asked.value?.deliveries.length;
  useEffect(() => { if (query && count !== undefined) announce(say(words.found, { n: count })); }, [asked.value]);
  if (asked.error instanceof ProblemError && asked.error.code === "forbidden") return <WrongRole session={session} />;
  const all = [...(asked.value?.deliveries ?? []), ...older];
  const more = async () => {
    setFailed(undefined);
    try {
      const { deliveries } = await call("get", "/deliveries", { query: { limit: kPageOf, query, before: all.at(-1)!.id } });
      setOlder([...older, ...deliveries]);
      setEnded(deliveries.length < kPageOf);
    } catch (error) {
      setFailed(error);
    }
  };
  return (
    <>
      <Heading>{say(words.inbox)}</Heading>
      <form role="search" class="search no-print" onSubmit={(event) => { event.preventDefault(); lastQuery = text.trim(); setQuery(lastQuery); }}>
        <input type="search" aria-label={say(words.searchIn)} placeholder={say(words.searchIn)} maxLength={200} value={text} onInput={(event) => setText(event.currentTarget.value)} />
        <button>{say(common.search)}</button>
      </form>
      {asked.error !== undefined ? <ProblemNotice error={asked.error} retry={asked.again} />
        : !asked.value ? <Loading />
        : !all.length ? <p>{query ? say(words.nothingFound, { query }) : say(words.nothing)}</p>
        : <DeliveryRows deliveries={all} to="#/deliveries" />}
      {failed !== undefined && <ProblemNotice error={failed} />}
      {!ended && count === kPageOf && <button type="button" onClick={() => void more()}>{say(common.more)}</button>}
    </>
  );
}
