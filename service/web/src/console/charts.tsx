// Charts of our own, drawn as SVG without a style attribute; each has the same figures as a table below it.
import type { ComponentChildren } from "preact";
import { say } from "../shared/language";
import { overviewWords as words } from "./office_words";

export interface Series { name: string; kind: "good" | "warn" | "bad" | "busy" | "plain"; values: readonly number[] }

const kWide = 600;
const kHigh = 180;
const kLeft = 56;
const kBottom = 22;

// The next of 1, 2, 5, 10, 20 … at or above.
export function roundUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, value)));
  return [1, 2, 5, 10].map((step) => step * power).find((step) => step >= value) ?? value;
}

interface ChartProps { title: string; days: readonly string[]; series: readonly Series[]; sayValue?: (value: number) => string; stacked?: boolean }

export function Chart({ title, days, series, sayValue = String, stacked = false }: ChartProps) {
  const sums = days.map((_, day) => (stacked ? series.reduce((sum, { values }) => sum + (values[day] ?? 0), 0) : Math.max(0, ...series.map(({ values }) => values[day] ?? 0))));
  const top = roundUp(Math.max(1, ...sums));
  const wide = (kWide - kLeft) / Math.max(1, days.length);
  const y = (value: number) => (kHigh - kBottom) * (1 - value / top) + 6;
  return (
    <figure class="chart">
      <figcaption>{title}
        <span class="legend">{series.map(({ name, kind }) => <span key={name} class={`key key-${kind}`}>{name}</span>)}</span>
      </figcaption>
      <svg viewBox={`0 0 ${kWide} ${kHigh + 8}`} role="img" aria-label={title} preserveAspectRatio="none">
        {(top === 1 ? [0, 1] : [0, 0.5, 1]).map((share) => (
          <g key={share} class="grid"><line x1={kLeft} x2={kWide} y1={y(top * share)} y2={y(top * share)} /><text x={kLeft - 6} y={y(top * share) + 4} text-anchor="end">{sayValue(top * share)}</text></g>
        ))}
        {stacked ? days.map((day, place) => <Bar key={day} series={series} place={place} x={kLeft + place * wide} wide={wide} y={y} />)
          : series.map(({ name, kind, values }) => values.length === 1
            ? <circle key={name} class={`dot bar bar-${kind}`} cx={kLeft + wide / 2} cy={y(values[0]!)} r={4} /> // one day is no line
            : <polyline key={name} class={`line line-${kind}`} points={values.map((value, place) => `${(kLeft + (place + 0.5) * wide).toFixed(1)},${y(value).toFixed(1)}`).join(" ")} />)}
        {days.length > 0 && labelled(days.length).map((place) => <text key={place} class="axis" x={kLeft + (place + 0.5) * wide} y={kHigh + 4} text-anchor="middle">{sayDay(days[place]!)}</text>)}
      </svg>
      <Table head={[say(words.day), ...series.map(({ name }) => name)]} rows={days.map((day, place) => [day, ...series.map(({ values }) => sayValue(values[place] ?? 0))]).reverse()} />
    </figure>
  );
}

function Bar({ series, place, x, wide, y }: { series: readonly Series[]; place: number; x: number; wide: number; y: (value: number) => number }) {
  let below = 0;
  const gap = Math.min(2, wide / 5);
  return (
    <g>
      {series.map(({ name, kind, values }) => {
        const value = values[place] ?? 0;
        const from = below;
        below += value;
        return value > 0 && <rect key={name} class={`bar bar-${kind}`} x={x + gap / 2} width={Math.max(0.5, wide - gap)} y={y(below)} height={Math.max(0.5, y(from) - y(below))} />;
      })}
    </g>
  );
}

// At most seven days are named.
function labelled(days: number): number[] {
  const step = Math.max(1, Math.ceil(days / 7));
  return Array.from({ length: Math.ceil(days / step) }, (_, place) => place * step).filter((place) => place + 0.5 < days);
}
function sayDay(day: string): string {
  const [, month, date] = day.split("-");
  return `${Number(month)}/${Number(date)}`;
}

export function Table({ head, rows }: { head: readonly string[]; rows: readonly (readonly string[])[] }) {
  return (
    <details class="more chart-table"><summary>{say(words.table)}</summary>
      <div class="scroll" tabIndex={0} role="region" aria-label={head.join(", ")}>
        <table><thead><tr>{head.map((one) => <th key={one} scope="col">{one}</th>)}</tr></thead>
          <tbody>{rows.map((row) => <tr key={row[0]}>{row.map((cell, place) => (place ? <td key={place}>{cell}</td> : <th key={place} scope="row">{cell}</th>))}</tr>)}</tbody></table>
      </div>
    </details>
  );
}

// Names and counts, the longest bar first.
export function Bars({ title, rows, link, foot }: { title: string; foot?: ComponentChildren; rows: readonly { name: string; count: number; key: string }[]; link?: (key: string) => string }) {
  const top = Math.max(1, ...rows.map(({ count }) => count));
  const named = (name: string, key: string): ComponentChildren => (link ? <a href={link(key)}>{name}</a> : name);
  return (
    <section class="card bars" aria-label={title}>
      <h2>{title}</h2>
      {!rows.length ? <p class="hint">{say(words.none)}</p> : (
        <table>
          <thead class="unseen"><tr><th scope="col">{say(words.name)}</th><th scope="col">{say(words.count)}</th></tr></thead>
          <tbody>
            {rows.map(({ name, count, key }) => (
              <tr key={key}><th scope="row">{named(name, key)}</th><td>
                <svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true"><rect class="bar bar-busy" width={Math.max(0.5, (count / top) * 100)} height="8" /></svg>
                <span>{count.toLocaleString()}</span></td></tr>
            ))}
          </tbody>
        </table>
      )}
      {foot}
    </section>
  );
}
