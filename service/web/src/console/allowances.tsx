// Senders whose type is not held for a time.
import { useState } from "preact/hooks";
import { ProblemError } from "../shared/api";
import { announce, Badge, Heading, Loading, ProblemNotice, useAction, useAsked } from "../shared/controls";
import { say } from "../shared/language";
import type { Session } from "../shared/session";
import { WrongRole } from "../shared/shell";
import { Dialog, When } from "./bits";
import { decideWords } from "./decide_words";
import { desk } from "./desk";
import type { Allowance } from "./interface";
import { KeptItems } from "./kept_items";
import { allowanceWords } from "./office_words";
import { words } from "./words";

export function Allowances({ session }: { session: Session }) {
  const asked = useAsked((signal) => desk.allowances(signal), []);
  const [ending, setEnding] = useState<Allowance>();
  const { running, error, run } = useAction();
  if (asked.error instanceof ProblemError && asked.error.code === "forbidden") return <WrongRole session={session} />;
  const may = session.roles?.some((role) => role === "reviewer" || role === "administrator") ?? false;
  const end = ({ number }: Allowance) => void run(async () => {
    await desk.endAllowance(number);
    setEnding(undefined);
    announce(say(allowanceWords.endedNow));
    asked.again();
  });
  return (
    <>
      <Heading>{say(words.allowances)}</Heading>
      <p class="lead">{say(allowanceWords.intro)}</p>
      {asked.error !== undefined ? <ProblemNotice error={asked.error} retry={asked.again} />
        : !asked.value ? <Loading />
        : !asked.value.allowances.length ? <p>{say(allowanceWords.none)}</p> : (
          <ul class="files">
            {asked.value.allowances.map((one) => (
              <li key={one.number} class="file">
                <div class="file-head"><span class="file-name">{one.sender}</span><code>{one.type}</code><Badge tone={one.ended ? "plain" : "good"}>{say(one.ended ? allowanceWords.ended : allowanceWords.inForce)}</Badge></div>
                <p>{say(allowanceWords.until)}: <When at={one.until} /></p>
                <p class="hint">{one.by}{one.agreed_by && `（${say(allowanceWords.agreed, { name: one.agreed_by })}）`} – {one.reason}</p>
                {may && !one.ended && <p class="file-acts no-print"><button type="button" class="quiet" aria-label={say(allowanceWords.endOf, { name: `${one.sender} ${one.type}` })} onClick={() => setEnding(one)}>{say(allowanceWords.end)}</button></p>}
              </li>
            ))}
          </ul>
        )}
      <KeptItems session={session} />
      {ending && (
        <Dialog title={say(allowanceWords.endSure, { name: ending.sender })} close={() => setEnding(undefined)}>
          {error !== undefined && <ProblemNotice error={error} />}
          <p class="row"><button type="button" class="danger" disabled={running} onClick={() => end(ending)}>{say(allowanceWords.end)}</button><button type="button" onClick={() => setEnding(undefined)}>{say(decideWords.cancel)}</button></p>
        </Dialog>
      )}
    </>
  );
}
