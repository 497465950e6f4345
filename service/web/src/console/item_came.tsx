// What came, as text: headers and the tree of parts. Nothing of an original is ever opened in this page.
import { sayBytes } from "../shared/format";
import { say } from "../shared/language";
import { Copy, kShownDigits, Reasons } from "./bits";
import type { Item, Part } from "./interface";
import { actions, words } from "./words";

const kTold = ["from", "to", "cc", "subject", "date", "reply-to"];

export function Came({ item }: { item: Item }) {
  const told = item.headers.filter(({ name }) => kTold.includes(name.toLowerCase()));
  return (
    <div class="card came">
      <h3>{say(words.came)}</h3>
      <p class="hint">{say(words.cameHint)}</p>
      {told.length > 0 && <HeaderList headers={told} />}
      {item.headers.length > 0 && (
        <details class="more"><summary>{say(words.headers, { n: item.headers.length })}</summary><HeaderList headers={item.headers} /></details>
      )}
      <h4>{say(words.parts)}</h4>
      {item.parts.length ? <Tree parts={item.parts} /> : <p class="hint">{say(words.partsNone)}</p>}
    </div>
  );
}

function HeaderList({ headers }: { headers: Item["headers"] }) {
  return <dl class="headers">{headers.map(({ name, value }, place) => <div key={place}><dt>{name}</dt><dd>{value}</dd></div>)}</dl>;
}

function Tree({ parts }: { parts: readonly Part[] }) {
  return (
    <ul class="tree">
      {parts.map((part, place) => (
        <li key={place}>
          <div class="tree-part">
            <strong class="tree-name">{part.name || part.type_name || part.type}</strong>
            <span class="hint">{part.type_name || part.type} · {sayBytes(part.bytes)}</span>
            {part.action && <span class={`act act-${part.action}`}>{say(actions[part.action] ?? [part.action, part.action])}</span>}
          </div>
          {part.sha256 && <div class="tree-hash"><Copy text={part.sha256} shown={`${part.sha256.slice(0, kShownDigits)}…`} name={`${say(words.hash)} ${part.name}`} /></div>}
          {part.malware && <p class="hint-bad">{say(words.malware, { name: part.malware })}</p>}
          {part.reasons.length > 0 && <Reasons reasons={part.reasons} />}
          {part.otherwise?.map(({ recipients, action, reasons }, which) => (
            <div key={which} class="hint">{recipients.join(", ")}: {say(actions[action] ?? [action, action])}<Reasons reasons={reasons} /></div>
          ))}
          {part.parts?.length > 0 && <Tree parts={part.parts} />}
        </li>
      ))}
    </ul>
  );
}
