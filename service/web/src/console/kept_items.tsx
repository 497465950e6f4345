// Items that stay beyond every deadline. Administrators, who see no items, end a legal hold here.
import { useState } from "preact/hooks";
import { announce, Loading, ProblemNotice, useAction } from "../shared/controls";
import { say } from "../shared/language";
import type { Session } from "../shared/session";
import { words as common } from "../shared/words";
import { Dialog, When } from "./bits";
import { decideWords } from "./decide_words";
import { desk } from "./desk";
import type { KeptItems as Kept } from "./interface";
import { keptWords } from "./office_words";
import { useCursor } from "./paged";
import { words } from "./words";

type One = Kept["kept"][number];

export function KeptItems({ session }: { session: Session }) {
  const listed = useCursor(async (after, signal) => {
    const { kept, next } = await desk.kept({ after }, signal);
    return { rows: kept, next };
  }, []);
  const [ending, setEnding] = useState<One>();
  const { running, error, run } = useAction();
  const sees = session.roles?.some((role) => role === "reviewer" || role === "auditor") ?? false;
  const ends = session.roles?.includes("administrator") ?? false;
  const nameOf = ({ subject }: One) => subject || say(words.noSubject);
  const end = ({ item }: One) => void run(async () => {
    await desk.unkeep(item);
    setEnding(undefined);
    announce(say(keptWords.ended));
    listed.again();
  });
  return (
    <section>
      <h2>{say(keptWords.title)}</h2>
      <p class="hint">{say(keptWords.intro)}</p>
      {listed.error !== undefined && <ProblemNotice error={listed.error} retry={listed.again} />}
      {!listed.rows ? (listed.error === undefined && <Loading />) : !listed.rows.length ? <p>{say(keptWords.none)}</p> : (
        <ul class="files">
          {listed.rows.map((one) => (
            <li key={one.item} class="file">
              <div class="file-head">{sees ? <a class="file-name" href={`#/items/${one.item}`}>{nameOf(one)}</a> : <span class="file-name">{nameOf(one)}</span>}</div>
              <p><When at={one.at} /> {one.by}</p>
              <p class="hint">{one.reason}</p>
              {ends && <p class="file-acts no-print"><button type="button" class="quiet" aria-label={say(keptWords.endOf, { name: nameOf(one) })} onClick={() => setEnding(one)}>{say(words.unkeep)}</button></p>}
            </li>
          ))}
        </ul>
      )}
      {listed.canMore && <button type="button" disabled={listed.running} onClick={() => void listed.more()}>{say(common.more)}</button>}
      {ending && (
        <Dialog title={say(words.unkeep)} close={() => setEnding(undefined)}>
          <p>{nameOf(ending)}</p>
          <p>{say(decideWords.unkeepWhat)}</p>
          {error !== undefined && <ProblemNotice error={error} />}
          <p class="row"><button type="button" class="danger" disabled={running} onClick={() => end(ending)}>{say(words.unkeep)}</button><button type="button" onClick={() => setEnding(undefined)}>{say(decideWords.cancel)}</button></p>
        </Dialog>
      )}
    </section>
  );
}
