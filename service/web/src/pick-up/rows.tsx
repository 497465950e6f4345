// A delivery as one row of a list, the same for what one received and what one is to approve.
import type { Schemas } from "../shared/api";
import { Badge } from "../shared/controls";
import { sayRemaining, sayTime } from "../shared/format";
import { say } from "../shared/language";
import { words } from "./words";

export type Delivery = Schemas["Delivery"];

export function title(delivery: Delivery): string {
  if (delivery.title) return delivery.title;
  const [first] = delivery.items;
  if (!first) return say(words.untitled);
  return delivery.items.length === 1 ? first.name : say(words.filesMore, { name: first.name, n: delivery.items.length - 1 });
}

export function sender({ sender: { name, mail } }: Delivery): string {
  return name && mail ? `${name}（${mail}）` : name || mail;
}

// In one word what can be done with it.
export function DeliveryState({ delivery, decided = false }: { delivery: Delivery; decided?: boolean }) {
  const files = delivery.items.flatMap((item) => item.files);
  const { state } = delivery.approval;
  if (state === "waiting") return <Badge tone="busy">{say(words.waiting)}</Badge>;
  if (state === "returned") return <Badge tone="bad">{say(words.returned)}</Badge>;
  if (decided && state === "approved") return <Badge tone="good">{say(words.approved)}</Badge>;
  if (!files.length && delivery.items.length) return <Badge tone="warn">{say(words.held)}</Badge>;
  if (files.length && files.every((file) => file.picked_up_at)) return <Badge tone="plain">{say(words.pickedUp)}</Badge>;
  return <Badge tone="good">{say(words.notYet)}</Badge>;
}

export function DeliveryRows({ deliveries, to, decided = false }: { deliveries: readonly Delivery[]; to: string; decided?: boolean }) {
  return (
    <ul class="list">
      {deliveries.map((delivery) => (
        <li key={delivery.id}>
          <a class="list-row" href={`${to}/${delivery.id}`}>
            <span class="list-title">{delivery.importance && <span class="importance">{delivery.importance}</span>}{title(delivery)}</span>
            <span class="list-detail">{sayTime(delivery.received_at)}</span>
            <span class="list-detail list-who">{sender(delivery)}</span>
            <span class="badges"><DeliveryState delivery={delivery} decided={decided} /><span class="remaining">{sayRemaining(delivery.expires_at)}</span></span>
          </a>
        </li>
      ))}
    </ul>
  );
}
