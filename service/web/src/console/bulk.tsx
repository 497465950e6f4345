// One decision about several items: what will happen, why, and afterwards what became of each.
import { useState } from "preact/hooks";
import { announce, Notice, ProblemNotice, sayProblem, useAction } from "../shared/controls";
import { ProblemError } from "../shared/api";
import { cleanText } from "../shared/format";
import { say } from "../shared/language";
import { words as common } from "../shared/words";
import { Dialog, ReasonField, titleOf } from "./bits";
import { decideWords, kinds } from "./decide_words";
import { desk } from "./desk";
import type { BulkResult, ItemRow, Kind } from "./interface";

export const kBulkKinds = ["release", "retry", "hold", "reject", "delete"] as const satisfies readonly Kind[];
const kNamed = 8;

export function BulkDialog({ kind, items, close, decided }: { kind: Kind; items: ItemRow[]; close: () => void; decided: () => void }) {
  const [reason, setReason] = useState("");
  const [missing, setMissing] = useState(false);
  const [results, setResults] = useState<BulkResult[]>();
  const { running, error, run } = useAction();
  const { word, what, confirm, usual } = kinds[kind];
  const leave = () => {
    close();
    if (results) decided();
  };
  const send = (event: Event) => {
    event.preventDefault();
    const said = cleanText(reason.trim(), true);
    setMissing(!said);
    if (said) void run(async () => {
      const answer = await desk.decideAll(kind, said, items.map(({ id }) => id));
      setResults(answer.results);
      announce(say(decideWords.bulkDone, { n: answer.results.filter(({ code }) => !code).length }));
      if (answer.results.every(({ code, proposal }) => !code && proposal === undefined)) {
        close();
        decided();
      }
    });
  };
  return (
    <Dialog title={say(decideWords.bulk, { n: items.length, what: say(word) })} close={leave}>
      {results ? <Results results={results} items={items} leave={leave} /> : (
        <form onSubmit={send}>
          <p>{say(what)}</p>
          <ul class="named">{items.slice(0, kNamed).map((item) => <li key={item.id}>{titleOf(item)} <span class="hint">{item.sender}</span></li>)}{items.length > kNamed && <li>… +{items.length - kNamed}</li>}</ul>
          <ReasonField value={reason} onValue={(value) => { setReason(value); setMissing(false); }} missing={missing} usual={usual} autoFocus />
          {error !== undefined && <ProblemNotice error={error} />}
          <p class="row">
            <button class={kind === "delete" || kind === "reject" ? "danger" : "primary"} disabled={running}>{say(confirm)}</button>
            <button type="button" onClick={leave}>{say(decideWords.cancel)}</button>
          </p>
        </form>
      )}
    </Dialog>
  );
}

function Results({ results, items, leave }: { results: BulkResult[]; items: ItemRow[]; leave: () => void }) {
  const good = results.filter(({ code, proposal }) => !code && proposal === undefined).length;
  const proposed = results.filter(({ code, proposal }) => !code && proposal !== undefined).length;
  const failed = grouped(results);
  const title = (id: string) => { const item = items.find((one) => one.id === id); return item ? titleOf(item) : id; };
  return (
    <>
      {good > 0 && <Notice kind="good">{say(decideWords.bulkDone, { n: good })}</Notice>}
      {proposed > 0 && <Notice>{say(decideWords.bulkProposed, { n: proposed })}</Notice>}
      {[...failed].map(([code, those]) => (
        <Notice key={code} kind="warn">
          <p>{say(decideWords.bulkFailed, { n: those.length, why: sayProblem(new ProblemError(409, code, "")) })}</p>
          <ul class="named">{those.slice(0, kNamed).map(({ id }) => <li key={id}>{title(id)}</li>)}</ul>
        </Notice>
      ))}
      <p class="row"><button type="button" class="primary" onClick={leave}>{say(common.close)}</button></p>
    </>
  );
}
function grouped(results: readonly BulkResult[]): Map<string, BulkResult[]> {
  const groups = new Map<string, BulkResult[]>();
  for (const result of results) if (result.code) groups.set(result.code, [...(groups.get(result.code) ?? []), result]);
  return groups;
}
