// What happened to the item, in order and with times.
import { say } from "../shared/language";
import { When } from "./bits";
import { sayDetail, sayEvent } from "./events";
import type { Item } from "./interface";
import { words } from "./words";

// Recipients are numbered in the trail; people are called by their addresses. The number of a bundle says nothing to anybody.
function told(detail: Record<string, unknown>, item: Item): Record<string, unknown> {
  const { part, recipient, recipients, ...rest } = detail;
  const address = (one: unknown) => item.recipients.find(({ index }) => index === one)?.address ?? one;
  const named = Array.isArray(recipients) ? recipients.map(address) : recipients;
  return { ...rest, ...(recipient === undefined ? {} : { recipient: address(recipient) }), ...(typeof part === "string" ? { part } : {}), ...(named === undefined ? {} : { recipients: named }) };
}

export function Path({ item }: { item: Item }) {
  return (
    <section aria-labelledby="path">
      <h2 id="path">{say(words.path)}</h2>
      <ol class="path">
        {item.history[0]?.event !== "received" && <li><When at={item.received_at} /><span class="path-what">{say(words.pathReceived)}</span></li>}
        {item.history.map(({ at, event, actor, detail }, place) => (
          <li key={place} class={`path-${event}`}>
            <When at={at} /><span class="path-what">{sayEvent(event)}</span>
            {actor && <span class="path-who">{actor}</span>}
            {Object.keys(detail ?? {}).length > 0 && <span class="path-detail">{sayDetail(told(detail, item))}</span>}
          </li>
        ))}
      </ol>
    </section>
  );
}
