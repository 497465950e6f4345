// Approving or returning what one has just looked at: bound to the digest of what was shown.
import { useState } from "preact/hooks";
import { call, ProblemError } from "../shared/api";
import { announce, Notice, ProblemNotice, useAction } from "../shared/controls";
import { cleanText } from "../shared/format";
import { say } from "../shared/language";
import type { Delivery } from "./rows";
import { words } from "./words";

const kShownDigits = 12;
const kGatherMs = 60 * 60_000; // then what is here is decided about: a file that was lost on its way must not hold up the others

export function Decision({ delivery, decided, again }: { delivery: Delivery; decided: (delivery: Delivery) => void; again: () => void }) {
  const [comment, setComment] = useState("");
  const [needed, setNeeded] = useState(false);
  const { running, error, run } = useAction();
  const decide = (decision: "approve" | "return") => {
    const said = cleanText(comment.trim(), true);
    setNeeded(decision === "return" && !said);
    if (decision === "return" && !said) return;
    void run(async () => {
      try {
        const body = said ? { decision, digest: delivery.digest, comment: said } : { decision, digest: delivery.digest };
        decided(await call("post", "/deliveries/{delivery}/decision", { path: { delivery: delivery.id }, body }));
        announce(say(decision === "approve" ? words.approvedNow : words.returnedNow));
      } catch (caught) {
        if (caught instanceof ProblemError && caught.status === 409) again(); // what it is now, above the message
        throw caught;
      }
    });
  };
  const { reasons } = delivery.approval;
  const early = !delivery.complete && Date.now() - new Date(delivery.received_at).getTime() < kGatherMs;
  return (
    <section class="card decision" aria-labelledby="decision">
      <h2 id="decision">{say(words.decide)}</h2>
      {reasons && reasons.length > 0 && <><p>{say(words.reasons)}</p><ul>{reasons.map((reason) => <li key={reason}>{reason}</li>)}</ul></>}
      {!delivery.complete && <Notice kind="warn">{say(early ? words.incomplete : words.incompleteLate)}</Notice>}
      <div class="field">
        <label for="comment">{say(words.comment)}</label>
        <p class="hint" id="comment-hint">{say(words.commentHint)}</p>
        <textarea id="comment" rows={3} maxLength={1000} value={comment} aria-describedby={needed ? "comment-hint comment-needed" : "comment-hint"} aria-invalid={needed ? true : undefined}
          onInput={(event) => { setComment(event.currentTarget.value); setNeeded(false); }} />
        {needed && <p class="field-error" id="comment-needed" role="alert">{say(words.commentNeeded)}</p>}
      </div>
      <p class="hint">{say(words.seen, { digest: delivery.digest.slice(0, kShownDigits) })}</p>
      {error !== undefined && <ProblemNotice error={error} />}
      <div class="row">
        <button type="button" class="primary" disabled={running || early} onClick={() => decide("approve")}>{say(words.approve)}</button>
        <button type="button" class="danger" disabled={running || early} onClick={() => decide("return")}>{say(words.giveBack)}</button>
      </div>
    </section>
  );
}
