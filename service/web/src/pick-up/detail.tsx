// One delivery: who sent it, the message, its files; for an approver also the decision.
import { useEffect, useRef } from "preact/hooks";
import { archiveAddress, call, ProblemError } from "../shared/api";
import { Heading, Loading, Notice, ProblemNotice, useAsked } from "../shared/controls";
import { sayRemaining, sayTime } from "../shared/format";
import { say } from "../shared/language";
import type { Session } from "../shared/session";
import { NotFound, WrongRole } from "../shared/shell";
import { words as common } from "../shared/words";
import { Decision } from "./decision";
import { Items } from "./items";
import { DeliveryState, sender, title, type Delivery } from "./rows";
import { words } from "./words";

const kCountedMs = 1500; // after a click on a download: then the server has counted it
const kRefreshMs = 60_000; // the countdown goes on, and files that come late appear

export function Detail({ id, session, back }: { id: string; session: Session; back: string }) {
  const asked = useAsked((signal) => call("get", "/deliveries/{delivery}", { path: { delivery: id }, signal }), [id]);
  const timer = useRef(0);
  const refresh = useRef(asked.again);
  refresh.current = asked.again;
  const waits = asked.value !== undefined && (!asked.value.complete || asked.value.approval.state === "waiting");
  useEffect(() => {
    // Only while something is still to come, and not for an approver: what he looks at stays as it is.
    if (!waits || asked.value?.approval.mine) return undefined;
    const every = window.setInterval(() => { if (document.visibilityState === "visible") refresh.current(); }, kRefreshMs);
    return () => clearInterval(every);
  }, [waits]);
  useEffect(() => () => clearTimeout(timer.current), []);
  const { error, value: delivery } = asked;
  if (error instanceof ProblemError && error.code === "forbidden") return <WrongRole session={session} />;
  if (error instanceof ProblemError && [400, 404, 410, 422].includes(error.status)) return <NotFound />;
  if (error !== undefined) return <ProblemNotice error={error} retry={asked.again} />;
  if (!delivery) return <Loading />;
  const pickedUp = () => {
    clearTimeout(timer.current);
    timer.current = window.setTimeout(() => refresh.current(), kCountedMs);
  };
  const { state } = delivery.approval;
  const open = (state === "none" || state === "approved") && back === "#/";
  const files = delivery.items.flatMap((item) => (item.view_only ? [] : item.files)).length;
  return (
    <>
      <p class="no-print"><a href={back}>‹ {say(common.back)}</a></p>
      <Heading>{title(delivery)}</Heading>
      <Facts delivery={delivery} />
      <Standing delivery={delivery} />
      <div class="h2-row">
        <h2>{say(words.files)}</h2>
        {open && files > 1 && <a class="button primary no-print" href={archiveAddress(delivery.id)} download="" onClick={pickedUp}>{say(words.downloadAll)}</a>}
      </div>
      <Items delivery={delivery} pickedUp={open ? pickedUp : undefined} />
      {delivery.approval.mine && state === "waiting" && <Decision delivery={delivery} decided={asked.replace} again={asked.again} />}
    </>
  );
}

function Facts({ delivery }: { delivery: Delivery }) {
  return (
    <dl class="facts">
      <dt>{say(words.from)}</dt><dd>{sender(delivery)}</dd>
      {delivery.recipients && delivery.recipients.length > 0 && <><dt>{say(words.to)}</dt><dd>{delivery.recipients.join(", ")}</dd></>}
      <dt>{say(words.received)}</dt><dd>{sayTime(delivery.received_at)} <DeliveryState delivery={delivery} /></dd>
      <dt>{say(words.expires)}</dt><dd>{sayTime(delivery.expires_at)} <strong class="remaining">{sayRemaining(delivery.expires_at)}</strong></dd>
      {delivery.importance && <><dt>{say(words.importance)}</dt><dd>{delivery.importance}</dd></>}
      {delivery.message && <><dt>{say(words.message)}</dt><dd class="message">{delivery.message}</dd></>}
    </dl>
  );
}

// What stands in the way, and who decided what.
function Standing({ delivery }: { delivery: Delivery }) {
  const { state, comment, decided_by: by, decided_at: at } = delivery.approval;
  const decided = by && <p class="hint">{say(words.decidedBy, { name: by.name, time: at ? sayTime(at) : "" })}</p>;
  const said = comment && <p class="message">{comment}</p>;
  return (
    <>
      {!delivery.complete && <Notice>{say(words.partial, { n: delivery.items.length, of: delivery.files_total ?? delivery.items.length })}</Notice>}
      {state === "waiting" && !delivery.approval.mine && <Notice kind="warn">{say(words.waitingWhy)}</Notice>}
      {state === "returned" && <Notice kind="warn"><p>{say(words.returnedWhy)}</p>{said}{decided}</Notice>}
      {state === "approved" && <Notice kind="good"><p>{say(words.approved)}</p>{said}{decided}</Notice>}
    </>
  );
}
