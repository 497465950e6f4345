// The overview: what happened today, how it went over the days, whether every part works, and the monthly report.
import { useState } from "preact/hooks";
import { ProblemError } from "../shared/api";
import { Badge, Heading, Loading, ProblemNotice, useAction, useAsked } from "../shared/controls";
import { sayBytes } from "../shared/format";
import { language, say, type Text } from "../shared/language";
import type { Session } from "../shared/session";
import { WrongRole } from "../shared/shell";
import { useStore } from "../shared/store";
import { When } from "./bits";
import { Bars, Chart } from "./charts";
import { about, desk, fileOf } from "./desk";
import type { Health, Overview as Figures } from "./interface";
import { overviewWords, partNames } from "./office_words";
import { words } from "./words";

const kPeriods = [7, 30, 90, 365] as const;

// How long, in the unit that people would use.
export function sayDuration(ms: number): string {
  if (ms === 0) return "0";
  const ja = language.get() === "ja";
  const rounded = (value: number) => (value < 10 ? value.toFixed(1).replace(/\.0$/, "") : String(Math.round(value)));
  if (ms < 1000) return ja ? `${Math.round(ms)} ミリ秒` : `${Math.round(ms)} ms`;
  if (ms < 120_000) return ja ? `${rounded(ms / 1000)} 秒` : `${rounded(ms / 1000)} s`;
  if (ms < 7_200_000) return ja ? `${rounded(ms / 60_000)} 分` : `${rounded(ms / 60_000)} min`;
  return ja ? `${rounded(ms / 3_600_000)} 時間` : `${rounded(ms / 3_600_000)} h`;
}

export function Overview({ session }: { session: Session }) {
  const [days, setDays] = useState<number>(30);
  const [department, setDepartment] = useState("");
  const [tenant, setTenant] = useState("");
  const known = useStore(about);
  const query = { days, department, tenant };
  const asked = useAsked((signal) => desk.overview(query, signal), [days, department, tenant]);
  if (asked.error instanceof ProblemError && asked.error.code === "forbidden") return <WrongRole session={session} />;
  const sees = session.roles?.some((role) => role === "reviewer" || role === "auditor") ?? false;
  return (
    <>
      <Heading>{say(words.overview)}</Heading>
      <div class="row choosing no-print">
        <Choice label={overviewWords.period} value={String(days)} choices={kPeriods.map((n) => [String(n), say(n === 365 ? overviewWords.year : overviewWords.days, { n })])} onValue={(value) => setDays(Number(value))} />
        {known && known.departments.length > 0 && <Choice label={overviewWords.department} value={department} choices={[["", say(overviewWords.all)], ...known.departments.map((name): [string, string] => [name, name])]} onValue={setDepartment} />}
        {known && known.tenants.length > 1 && <Choice label={overviewWords.tenant} value={tenant} choices={[["", say(overviewWords.all)], ...known.tenants.map((name): [string, string] => [name, name])]} onValue={setTenant} />}
      </div>
      {asked.error !== undefined && <ProblemNotice error={asked.error} retry={asked.again} />}
      {asked.value ? <FiguresView figures={asked.value} sees={sees} csv={(table) => fileOf("/overview.csv", { ...query, table })} /> : asked.error === undefined && <Loading />}
      <HealthView />
      <Report />
    </>
  );
}

export function Choice({ label, value, choices, onValue }: { label: Text; value: string; choices: readonly (readonly [string, string])[]; onValue: (value: string) => void }) {
  return (
    <label class="choosing-one">{say(label)}
      <select value={value} onChange={(event) => onValue(event.currentTarget.value)}>{choices.map(([one, text]) => <option key={one} value={one}>{text}</option>)}</select>
    </label>
  );
}

function Tiles({ title, tiles }: { title: Text; tiles: readonly (readonly [Text, string, (string | undefined)?])[] }) {
  return (
    <section aria-label={say(title)}>
      <h2>{say(title)}</h2>
      <dl class="tiles">{tiles.map(([name, value, to]) => <div key={name[0]} class="tile"><dt>{say(name)}</dt><dd>{to ? <a href={to}>{value}</a> : value}</dd></div>)}</dl>
    </section>
  );
}

function FiguresView({ figures, sees, csv }: { figures: Figures; sees: boolean; csv: (table: string) => string }) {
  const { today, days, delivery, storage, queue } = figures;
  const n = (value: number) => value.toLocaleString();
  const linked = (to: string) => (sees ? to : undefined);
  const reasonName = ({ ja, en }: { ja: string; en: string }) => (language.get() === "en" ? en : ja);
  return (
    <>
      <Tiles title={overviewWords.today} tiles={[
        [overviewWords.items, n(today.items)], [overviewWords.held, n(today.held)], [overviewWords.rejected, n(today.rejected)], [overviewWords.delivered, n(today.delivered)],
        [overviewWords.bounced, n(today.bounced)], [overviewWords.waiting, n(today.waiting)],
      ]} />
      <Tiles title={overviewWords.queue} tiles={[
        [overviewWords.heldNow, n(queue.held), linked("#/?state=held")], [overviewWords.working, n(queue.working)], [overviewWords.toGate, n(queue.to_gate)], [overviewWords.requests, n(queue.requests), linked("#/requests")], [overviewWords.proposals, n(queue.proposals), "#/proposals"],
      ]} />
      <div class="charts">
        <div class="card"><Chart stacked title={say(overviewWords.byDay)} days={days.map(({ day }) => day)} series={[
          { name: say(overviewWords.clean), kind: "good", values: days.map(({ clean }) => clean) },
          { name: say(overviewWords.held), kind: "warn", values: days.map(({ held }) => held) },
          { name: say(overviewWords.rejected), kind: "bad", values: days.map(({ rejected }) => rejected) },
        ]} /><Csv address={csv("days")} of={say(overviewWords.byDay)} /></div>
        <div class="card"><Chart title={`${say(overviewWords.delivery)} (${say(overviewWords.p50)} ${sayDuration(delivery.p50_ms)}, ${say(overviewWords.p95)} ${sayDuration(delivery.p95_ms)})`} sayValue={sayDuration} days={delivery.days.map(({ day }) => day)} series={[
          { name: say(overviewWords.p50), kind: "busy", values: delivery.days.map(({ p50_ms }) => p50_ms) },
          { name: say(overviewWords.p95), kind: "warn", values: delivery.days.map(({ p95_ms }) => p95_ms) },
        ]} /></div>
        <Bars title={say(overviewWords.reasons)} foot={<Csv address={csv("reasons")} of={say(overviewWords.reasons)} />} rows={figures.reasons.map((reason) => ({ key: reason.code, name: reasonName(reason), count: reason.count }))} {...(sees ? { link: (code: string) => `#/?reason=${encodeURIComponent(code)}` } : {})} />
        <Bars title={say(overviewWords.types)} foot={<Csv address={csv("types")} of={say(overviewWords.types)} />} rows={figures.types.map(({ type, type_name, count }) => ({ key: type, name: type_name || type, count }))} />
        <Bars title={say(overviewWords.senders)} foot={<Csv address={csv("senders")} of={say(overviewWords.senders)} />} rows={figures.senders_held.map(({ sender, count }) => ({ key: sender, name: sender, count }))} {...(sees ? { link: (sender: string) => `#/?sender=${encodeURIComponent(sender)}` } : {})} />
        {figures.departments.length > 0 && (
          <section class="card bars" aria-label={say(overviewWords.departments)}>
            <h2>{say(overviewWords.departments)}</h2>
            <table class="figures"><thead><tr><th scope="col">{say(overviewWords.name)}</th><th scope="col">{say(overviewWords.items)}</th><th scope="col">{say(overviewWords.held)}</th></tr></thead>
              <tbody>{figures.departments.map(({ name, items, held }) => <tr key={name}><th scope="row">{name}</th><td>{n(items)}</td><td>{n(held)}</td></tr>)}</tbody></table>
            <Csv address={csv("departments")} of={say(overviewWords.departments)} />
          </section>
        )}
      </div>
      <Tiles title={overviewWords.storage} tiles={[
        [overviewWords.originals, sayBytes(storage.originals_bytes)], [overviewWords.cleanCopies, sayBytes(storage.clean_bytes)], [overviewWords.database, sayBytes(storage.database_bytes)], [overviewWords.free, sayBytes(storage.free_bytes)],
      ]} />
    </>
  );
}

function Csv({ address, of }: { address: string; of: string }) {
  return <p class="csv no-print"><a href={address} download aria-label={`${say(overviewWords.csv)}: ${of}`}>{say(overviewWords.csv)}</a></p>;
}

export function sayPart(name: string): string {
  const known = partNames[name];
  return known ? say(known) : name;
}

function HealthView() {
  const asked = useAsked((signal) => desk.health(signal), []);
  const parts = asked.value?.parts ?? [];
  const bad = parts.filter(({ ok }) => !ok).length;
  return (
    <section aria-labelledby="health">
      <h2 id="health">{say(overviewWords.health)}{asked.value && <span class="h2-note">{bad ? say(overviewWords.unhealthy, { n: bad }) : say(overviewWords.healthy)}</span>}</h2>
      {asked.error !== undefined ? <ProblemNotice error={asked.error} retry={asked.again} /> : !asked.value ? <Loading /> : <HealthList parts={parts} />}
    </section>
  );
}
function HealthList({ parts }: Health) {
  return (
    <ul class="health">
      {[...parts].sort((a, b) => Number(a.ok) - Number(b.ok)).map(({ name, ok, since, ja, en }) => (
        <li key={name} class="health-part"><span class="health-name">{sayPart(name)}</span><Badge tone={ok ? "good" : "bad"}>{say(ok ? overviewWords.ok : overviewWords.notOk)}</Badge>
          <span class="hint">{language.get() === "en" ? en : ja}{since && <> <When at={since} brief /></>}</span></li>
      ))}
    </ul>
  );
}

const kAskMs = 2000;
const kAsksMax = 60;

function lastMonths(n: number): string[] {
  const now = new Date();
  return Array.from({ length: n }, (_, back) => {
    const first = new Date(now.getFullYear(), now.getMonth() - back, 1);
    return `${first.getFullYear()}-${String(first.getMonth() + 1).padStart(2, "0")}`;
  });
}

function Report() {
  const months = lastMonths(24);
  const [month, setMonth] = useState(months[1]!);
  const [made, setMade] = useState("");
  const { running, error, run } = useAction();
  const make = () => void run(async () => {
    const before = await desk.report(month); // of a month that is not over: it is made anew
    if ((await desk.makeReport(month)) !== 202) return setMade(month);
    for (let tries = 0; tries < kAsksMax; ++tries) {
      await new Promise((resolve) => setTimeout(resolve, kAskMs));
      const now = await desk.report(month);
      if (now && now !== before) return setMade(month);
    }
    if (before) return setMade(month);
    throw new ProblemError(503, "late", say(overviewWords.reportLate));
  });
  return (
    <section class="no-print" aria-labelledby="report">
      <h2 id="report">{say(overviewWords.report)}</h2>
      <div class="row choosing">
        <Choice label={overviewWords.month} value={month} choices={months.map((one) => [one, one])} onValue={(value) => { setMonth(value); setMade(""); }} />
        <button type="button" disabled={running} onClick={make}>{say(running ? overviewWords.making : overviewWords.makeReport)}</button>
        {made && <a class="button" href={fileOf(`/reports/${made}`)} target="_blank" rel="noopener">{say(overviewWords.openReport, { month: made })}</a>}
      </div>
      {error !== undefined && <ProblemNotice error={error} />}
    </section>
  );
}
