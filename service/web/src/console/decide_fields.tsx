// What some decisions need besides a reason.
import { useId } from "preact/hooks";
import { say } from "../shared/language";
import { useStore } from "../shared/store";
import { StateBadge } from "./bits";
import { decideWords } from "./decide_words";
import { about } from "./desk";
import type { Decision, Item, Part } from "./interface";

interface Props { value: Partial<Decision>; change: (part: Partial<Decision>) => void }
const kPolicies = ["strip", "text", "flatten", "image"] as const;
const kRecipientsShown = 50;

export function RecipientFields({ item, value, change }: Props & { item: Item }) {
  const all = item.recipients.slice(0, kRecipientsShown);
  const chosen = value.recipients ?? item.recipients.map(({ index }) => index);
  const set = (index: number, on: boolean) => {
    const next = on ? [...chosen, index] : chosen.filter((one) => one !== index);
    change({ recipients: next.sort((a, b) => a - b) });
  };
  return (
    <fieldset class="field">
      <legend>{say(decideWords.forWhom)}</legend>
      {all.map((recipient) => (
        <label key={recipient.index} class="tick"><input type="checkbox" checked={chosen.includes(recipient.index)} onChange={(event) => set(recipient.index, event.currentTarget.checked)} /> {recipient.address} <StateBadge of={recipient} /></label>
      ))}
    </fieldset>
  );
}

export function CleanAgainFields({ value, change }: Props) {
  const id = useId();
  const policies = useStore(about)?.policies ?? [];
  return (
    <>
      <div class="field">
        <label for={`${id}-policy`}>{say(decideWords.policy)}</label>
        <select id={`${id}-policy`} value={value.policy ?? ""} onChange={(event) => { const policy = event.currentTarget.value; change(policy ? { policy } : { policy: "" }); }}>
          <option value="">{say(decideWords.policyAsIs)}</option>
          {kPolicies.filter((policy) => policies.includes(policy)).map((policy) => <option key={policy} value={policy}>{say(decideWords[policy])}</option>)}
        </select>
      </div>
      <div class="field">
        <label for={`${id}-passwords`}>{say(decideWords.passwords)}</label>
        <p class="hint" id={`${id}-hint`}>{say(decideWords.passwordsHint)}</p>
        <textarea id={`${id}-passwords`} rows={2} autocomplete="off" spellcheck={false} aria-describedby={`${id}-hint`} onInput={(event) => change({ passwords: event.currentTarget.value.split("\n").map((line) => line.trim()).filter(Boolean) })} />
      </div>
    </>
  );
}

function flat(parts: readonly Part[], depth = 0): { part: Part; depth: number }[] {
  return parts.flatMap((part) => [{ part, depth }, ...flat(part.parts ?? [], depth + 1)]);
}

export function PartField({ item, value, change }: Props & { item: Item }) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{say(decideWords.part)}</label>
      <select id={id} value={value.part ?? ""} onChange={(event) => change({ part: event.currentTarget.value })}>
        <option value="" />
        {flat(item.parts).map(({ part, depth }) => <option key={part.place} value={part.place}>{"\u3000".repeat(depth)}{part.name || part.type_name || part.type}</option>)}
      </select>
    </div>
  );
}

export function AllowFields({ item, value, change }: Props & { item: Item }) {
  const id = useId();
  const types = [...new Map(flat(item.parts).map(({ part }) => [part.type, part.type_name || part.type]))];
  return (
    <>
      <div class="field">
        <label for={`${id}-type`}>{say(decideWords.partType)}</label>
        <select id={`${id}-type`} value={value.part_type ?? ""} onChange={(event) => change({ part_type: event.currentTarget.value })}>
          <option value="" />
          {types.map(([type, name]) => <option key={type} value={type}>{name}</option>)}
        </select>
      </div>
      <div class="field">
        <label for={`${id}-days`}>{say(decideWords.days)}</label>
        <input id={`${id}-days`} type="number" min={1} max={366} value={value.days ?? 90} onInput={(event) => change({ days: Math.max(1, Math.min(366, event.currentTarget.valueAsNumber || 1)) })} />
      </div>
    </>
  );
}
