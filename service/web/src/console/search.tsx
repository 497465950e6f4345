// Searching and narrowing: the box, quick views, the filters as fields, and those that are in force as chips.
import { useEffect, useRef, useState } from "preact/hooks";
import { say } from "../shared/language";
import { useStore } from "../shared/store";
import { useQuiet } from "./bits";
import { about, waiting } from "./desk";
import { choices, kChoices, kDays, kNames, kTexts, kTicks, sayFilter, today, without, writeWanted, type Name, type Wanted } from "./filters";
import { words } from "./words";

const kTypingMs = 200;

export function Search({ wanted, change }: { wanted: Wanted; change: (wanted: Wanted) => void }) {
  const [open, setOpen] = useState(false);
  const known = useStore(about);
  const named = kNames.filter((name) => name !== "q" && wanted[name]);
  const active = named.length === 1 && isView(wanted) ? [] : named; // the view says it
  return (
    <div class="searching no-print">
      <Views wanted={wanted} />
      <form role="search" class="search" onSubmit={(event) => event.preventDefault()}>
        <Typed name="q" type="search" id="search" label={say(words.searchIn)} wanted={wanted} change={change} />
        <button type="button" aria-expanded={open} aria-controls="filters" onClick={() => setOpen(!open)}>{active.length ? say(words.filtersOf, { n: active.length }) : say(words.filters)}</button>
      </form>
      {open && <Fields wanted={wanted} change={change} />}
      {active.length > 0 && (
        <ul class="chips">
          {active.map((name) => (
            <li key={name} class="chip">{sayFilter(name, wanted[name]!, known)}
              <button type="button" aria-label={say(words.removeFilter, { name: sayFilter(name, wanted[name]!, known) })} onClick={() => change(without(wanted, name))}>×</button>
            </li>
          ))}
          {active.length > 1 && <li><button type="button" class="quiet" onClick={() => change(wanted.q ? { q: wanted.q } : {})}>{say(words.clearAll)}</button></li>}
        </ul>
      )}
    </div>
  );
}

const views = (): Wanted[] => [{ state: "held" }, { asked: "true" }, { since: today() }, {}];
function isView(wanted: Wanted): boolean {
  return views().some((view) => writeWanted(view) === writeWanted(without(wanted, "q")));
}

function Views({ wanted }: { wanted: Wanted }) {
  const { held, requests } = useStore(waiting);
  const counted = (what: string, n: number) => (n ? say(words.counted, { what, n }) : what);
  const texts = [counted(say(words.viewHeld), held), counted(say(words.viewAsked), requests), say(words.viewToday), say(words.viewAll)];
  const here = writeWanted(without(wanted, "q"));
  return (
    <nav class="tabs" aria-label={say(words.views)}>
      {views().map(writeWanted).map((view, place) => <a key={view} href={`#/?${view}`} aria-current={view === here ? "page" : undefined}>{texts[place]}</a>)}
    </nav>
  );
}

// A field whose text counts once it has been quiet for a moment.
function Typed({ name, label, type = "text", id, wanted, change }: { name: Name; label: string; type?: "text" | "search"; id: string; wanted: Wanted; change: (wanted: Wanted) => void }) {
  const [text, setText] = useState(wanted[name] ?? "");
  const told = useRef(text);
  const quiet = useQuiet(text, kTypingMs).trim();
  useEffect(() => {
    if (quiet === told.current.trim()) return;
    told.current = quiet;
    change(quiet ? { ...wanted, [name]: quiet } : without(wanted, name));
  }, [quiet]);
  useEffect(() => { // a chip was removed, a view chosen
    const now = wanted[name] ?? "";
    if (now === told.current.trim()) return;
    told.current = now;
    setText(now);
  }, [wanted[name]]);
  const input = <input id={id} type={type} maxLength={200} value={text} aria-label={type === "search" ? label : undefined} placeholder={type === "search" ? label : undefined} autocomplete="off" spellcheck={false}
    onInput={(event) => setText(event.currentTarget.value)} onKeyDown={(event) => { if (event.key === "Escape") event.currentTarget.blur(); }} />;
  return type === "search" ? input : <div class="field"><label for={id}>{label}</label>{input}</div>;
}

function Fields({ wanted, change }: { wanted: Wanted; change: (wanted: Wanted) => void }) {
  const known = useStore(about);
  const set = (name: Name, value: string) => change(value ? { ...wanted, [name]: value } : without(wanted, name));
  return (
    <fieldset class="card filters" id="filters">
      <legend class="unseen">{say(words.filters)}</legend>
      {kChoices.map((name) => {
        const all = choices(name, known);
        return all.length > 0 && (
          <div class="field" key={name}>
            <label for={`filter-${name}`}>{say(words[name])}</label>
            <select id={`filter-${name}`} value={wanted[name] ?? ""} onChange={(event) => set(name, event.currentTarget.value)}>
              <option value="">{say(words.anything)}</option>
              {all.map(([value, text]) => <option key={value} value={value}>{text}</option>)}
            </select>
          </div>
        );
      })}
      {kTexts.map((name) => <Typed key={name} name={name} id={`filter-${name}`} label={say(words[name])} wanted={wanted} change={change} />)}
      {kDays.map((name) => (
        <div class="field" key={name}>
          <label for={`filter-${name}`}>{say(words[name])}</label>
          <input id={`filter-${name}`} type="date" value={wanted[name] ?? ""} max={today()} onChange={(event) => set(name, event.currentTarget.value)} />
        </div>
      ))}
      <div class="field ticks">
        {kTicks.map((name) => (
          <label key={name} class="tick"><input type="checkbox" checked={wanted[name] === "true"} onChange={(event) => set(name, event.currentTarget.checked ? "true" : "")} /> {say(words[name])}</label>
        ))}
      </div>
    </fieldset>
  );
}
