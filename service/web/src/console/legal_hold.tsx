// Keeping an item beyond every deadline. Reviewers and administrators keep; administrators end it.
import { useState } from "preact/hooks";
import { ProblemNotice, useAction } from "../shared/controls";
import { cleanText } from "../shared/format";
import { say, type Text } from "../shared/language";
import type { Session } from "../shared/session";
import { Dialog, ReasonField } from "./bits";
import { decideWords } from "./decide_words";
import { desk } from "./desk";
import type { Item } from "./interface";
import { words } from "./words";

const kUsual: readonly Text[] = [["調査のため", "For an investigation"], ["情報公開請求のため", "For a disclosure request"]];

export function LegalHold({ item, session, again }: { item: Item; session: Session; again: () => void }) {
  const [open, setOpen] = useState(false);
  const [reason, setReason] = useState("");
  const [missing, setMissing] = useState(false);
  const { running, error, run } = useAction();
  const may = (role: "reviewer" | "administrator") => session.roles?.includes(role) ?? false;
  if (item.legal_hold ? !may("administrator") : !may("reviewer") && !may("administrator")) return null;
  const send = (event: Event) => {
    event.preventDefault();
    const said = cleanText(reason.trim(), true);
    setMissing(!item.legal_hold && !said);
    if (item.legal_hold || said) void run(async () => {
      await (item.legal_hold ? desk.unkeep(item.id) : desk.keep(item.id, said));
      setOpen(false);
      setReason("");
      again();
    });
  };
  const title = say(item.legal_hold ? words.unkeep : words.keep);
  return (
    <p class="keep">
      <button type="button" class="quiet" onClick={() => setOpen(true)}>{title}…</button>
      {open && (
        <Dialog title={title} close={() => setOpen(false)}>
          <form onSubmit={send} noValidate>
            <p>{say(item.legal_hold ? decideWords.unkeepWhat : decideWords.keepWhat)}</p>
            {!item.legal_hold && <ReasonField value={reason} onValue={(value) => { setReason(value); setMissing(false); }} missing={missing} usual={kUsual} autoFocus />}
            {error !== undefined && <ProblemNotice error={error} />}
            <p class="row"><button class="primary" disabled={running}>{title}</button><button type="button" onClick={() => setOpen(false)}>{say(decideWords.cancel)}</button></p>
          </form>
        </Dialog>
      )}
    </p>
  );
}
