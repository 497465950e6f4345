// Asking for an original: it needs a reason, a destination, and a second person; nothing leaves before.
import { useState } from "preact/hooks";
import { Field, Notice, ProblemNotice, useAction } from "../shared/controls";
import { cleanText } from "../shared/format";
import { say } from "../shared/language";
import { Dialog, ReasonField, titleOf } from "./bits";
import { decideWords, kinds } from "./decide_words";
import { desk } from "./desk";
import type { Item } from "./interface";

export function OriginalDialog({ item, close, proposed }: { item: Item; close: () => void; proposed: (proposal: number) => void }) {
  const [to, setTo] = useState("");
  const [zone, setZone] = useState("internet");
  const [reason, setReason] = useState("");
  const [missing, setMissing] = useState(false);
  const [needTo, setNeedTo] = useState(false);
  const { running, error, run } = useAction();
  const { what, word, confirm, usual } = kinds.original;
  const send = (event: Event) => {
    event.preventDefault();
    const said = cleanText(reason.trim(), true);
    const address = cleanText(to.trim());
    setMissing(!said);
    setNeedTo(!address);
    if (said && address) void run(async () => {
      const { proposal } = await desk.propose({ kind: "original", item: item.id, to: address, reason: said, zone });
      proposed(proposal ?? 0);
    });
  };
  return (
    <Dialog title={say(word)} close={close}>
      <form onSubmit={send} noValidate>
        <Notice kind="bad">{say(decideWords.danger)}</Notice>
        <p>{say(what)}</p>
        <p class="named"><strong>{titleOf(item)}</strong></p>
        <Field label={say(decideWords.to)} hint={say(decideWords.toHint)} type="email" autocomplete="off" value={to} error={needTo ? say(decideWords.needTo) : undefined} onValue={(value) => { setTo(value); setNeedTo(false); }} />
        <div class="field">
          <label for="zone">{say(decideWords.zone)}</label>
          <select id="zone" value={zone} onChange={(event) => setZone(event.currentTarget.value)}>
            <option value="internet">{say(decideWords.zoneInternet)}</option>
            <option value="closed">{say(decideWords.zoneClosed)}</option>
          </select>
        </div>
        <ReasonField value={reason} onValue={(value) => { setReason(value); setMissing(false); }} missing={missing} usual={usual} />
        {error !== undefined && <ProblemNotice error={error} />}
        <p class="row"><button class="danger" disabled={running}>{say(confirm)}</button><button type="button" onClick={close}>{say(decideWords.cancel)}</button></p>
      </form>
    </Dialog>
  );
}
