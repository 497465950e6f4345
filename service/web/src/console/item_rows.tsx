// Items as rows: dense enough for a day's work, readable at 360 px. A row is one link; its box selects it.
import { Badge } from "../shared/controls";
import { sayBytes } from "../shared/format";
import { say } from "../shared/language";
import { sayReason, StateBadge, titleOf, When } from "./bits";
import type { ItemRow } from "./interface";
import { words } from "./words";

export function sayRecipients({ recipients, recipient_count }: ItemRow): string {
  const first = recipients[0]?.address ?? "";
  return recipient_count > 1 ? say(words.andMore, { name: first, n: recipient_count - 1 }) : first;
}
function sayFiles({ files, file_count }: ItemRow): string {
  return file_count > 2 ? say(words.andMore, { name: files.slice(0, 2).join(", "), n: file_count - 2 }) : files.join(", ");
}

interface Props { items: readonly ItemRow[]; selected?: ReadonlySet<string> | undefined; select?: ((id: string, on: boolean, range: boolean) => void) | undefined; stale?: boolean; label: string }

export function ItemRows({ items, selected, select, stale = false, label }: Props) {
  return (
    <ul class={`list items${select ? " items-select" : ""}`} aria-label={label} aria-busy={stale}>
      {items.map((item) => <Row key={item.id} item={item} chosen={selected?.has(item.id) ?? false} select={select} />)}
    </ul>
  );
}

function Row({ item, chosen, select }: { item: ItemRow; chosen: boolean; select: Props["select"] }) {
  const title = titleOf(item);
  return (
    <li class={`item${chosen ? " item-chosen" : ""}`} data-id={item.id}>
      {select && (
        <label class="item-box"><input type="checkbox" checked={chosen} aria-label={say(words.select, { name: title })}
          onClick={(event) => select(item.id, event.currentTarget.checked, event.shiftKey)} /></label>
      )}
      <span class="item-state"><StateBadge of={item} /></span>
      <span class="item-main">
        <a class="item-link" href={`#/items/${item.id}`}>{title}</a>
        {item.file_count > 0 && <span class="item-files">{sayFiles(item)} · <span class="item-size">{sayBytes(item.bytes)}</span></span>}
      </span>
      <span class="item-who"><span>{item.sender || say(words.noSender)}</span><span>→ {sayRecipients(item)}</span></span>
      <span class="item-why">
        {item.reasons.slice(0, 2).map((reason) => <span key={reason.code}>{sayReason(reason)}</span>)}
        {(item.requests > 0 || item.proposals > 0 || item.kept) && (
          <span class="badges">
            {item.requests > 0 && <Badge tone="busy">{say(words.openRequests, { n: item.requests })}</Badge>}
            {item.proposals > 0 && <Badge tone="busy">{say(words.openProposals, { n: item.proposals })}</Badge>}
            {item.kept && <Badge tone="plain">{say(words.kept)}</Badge>}
          </span>
        )}
      </span>
      <span class="item-when"><When at={item.received_at} brief />{item.direction === "drop" && <span>{say(words.drop)}</span>}</span>
    </li>
  );
}
