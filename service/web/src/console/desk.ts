// Calls to the review desk. The one place that knows its addresses; what comes back is an interface of interface.ts.
import { kBase, request } from "../shared/api";
import { Store } from "../shared/store";
import type * as is from "./interface";

type Query = Record<string, string | number | boolean | undefined>;
interface Options { query?: Query; body?: unknown; signal?: AbortSignal }

// A sender's subject or file name may bear characters that nobody sees and that turn the ones beside them around: "…gpj.exe" is read as
// "…exe.jpg". Who decides about it sees that they are there.
const kUnseen = /[\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff]/g;
function shown(value: unknown): unknown {
  if (typeof value === "string") return value.replace(kUnseen, (found) => `‹U+${found.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}›`);
  if (Array.isArray(value)) return value.map(shown);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, shown(inner)]));
}

async function ask<T>(method: string, path: string, options: Options = {}): Promise<T> {
  return shown((await request<T>(method, `/review${path}`, options)).value) as T;
}
const one = (id: string) => encodeURIComponent(id);

export const desk = {
  filters: () => ask<is.Filters>("get", "/filters"),
  items: (query: Query, signal?: AbortSignal) => ask<is.ItemList>("get", "/items", signal ? { query, signal } : { query }),
  item: (id: string, signal?: AbortSignal) => ask<is.Item>("get", `/items/${one(id)}`, signal ? { signal } : {}),
  similar: (id: string, signal: AbortSignal) => ask<{ items: is.ItemRow[] }>("get", `/items/${one(id)}/similar`, { signal }),
  look: (id: string, signal: AbortSignal) => ask<is.Look>("get", `/items/${one(id)}/look`, { signal }),
  startLook: (id: string) => ask<is.Look>("post", `/items/${one(id)}/look`),
  decide: (id: string, body: is.Decision) => ask<is.Decided>("post", `/items/${one(id)}/decisions`, { body }),
  decideAll: (kind: is.Kind, reason: string, items: string[]) => ask<{ results: is.BulkResult[] }>("post", "/decisions", { body: { kind, reason, items } }),
  keep: (id: string, reason: string) => ask<undefined>("put", `/items/${one(id)}/legal-hold`, { body: { reason } }),
  unkeep: (id: string) => ask<undefined>("delete", `/items/${one(id)}/legal-hold`),
  kept: (query: Query, signal?: AbortSignal) => ask<is.KeptItems>("get", "/legal-holds", signal ? { query, signal } : { query }),
  allowances: (signal: AbortSignal) => ask<{ allowances: is.Allowance[] }>("get", "/allowances", { signal }),
  endAllowance: (number: number) => ask<undefined>("delete", `/allowances/${number}`),
  proposals: (query: Query, signal?: AbortSignal) => ask<{ proposals: is.Proposal[]; next?: string }>("get", "/proposals", signal ? { query, signal } : { query }),
  proposal: (number: string, signal: AbortSignal) => ask<is.Proposal>("get", `/proposals/${one(number)}`, { signal }),
  propose: (body: { kind: "original"; item: string; to: string; reason: string; zone?: string }) => ask<is.Decided>("post", "/proposals", { body }),
  decideProposal: (number: number, decision: "agree" | "refuse", reason: string) => ask<is.Proposal>("post", `/proposals/${number}/decision`, { body: { decision, reason } }),
  breakGlass: (number: number, reason: string) => ask<is.Proposal>("post", `/proposals/${number}/break-glass`, { body: { reason } }),
  showPassword: (number: number) => ask<{ password: string }>("post", `/proposals/${number}/password`),
  delegation: (signal: AbortSignal) => ask<is.Delegation>("get", "/delegation", { signal }),
  delegate: (body: { to: string; until?: string }) => ask<is.Delegation>("put", "/delegation", { body }),
  requests: (query: Query, signal?: AbortSignal) => ask<{ requests: is.RequestRow[]; next?: string }>("get", "/requests", signal ? { query, signal } : { query }),
  decideRequest: (number: number, decision: "grant" | "refuse", text: string) => ask<{ proposal?: number; working?: true }>("post", `/requests/${number}/decision`, { body: { decision, text } }),
  overview: (query: Query, signal: AbortSignal) => ask<is.Overview>("get", "/overview", { query, signal }),
  health: (signal: AbortSignal) => ask<is.Health>("get", "/health", { signal }),
  selfCheck: (signal: AbortSignal) => ask<is.SelfCheck>("get", "/self-check", { signal }),
  // Nothing when there is none; else what tells one from another.
  report: async (month: string) => {
    const response = await fetch(fileOf(`/reports/${one(month)}`), { credentials: "same-origin", cache: "no-store" });
    return response.ok ? response.text() : undefined;
  },
  makeReport: async (month: string) => (await request("post", `/review/reports/${one(month)}`)).status,
  audit: (query: Query, signal?: AbortSignal) => ask<{ entries: is.AuditEntry[]; next?: string; elsewhere?: boolean }>("get", "/audit", signal ? { query, signal } : { query }),
  verify: () => ask<{ trails?: is.Verified[]; state?: "working" }>("post", "/audit/verification"),
  checkpoints: (signal: AbortSignal) => ask<{ checkpoints: is.Checkpoint[] }>("get", "/audit/checkpoints", { signal }),
};

// Fetched by the browser itself. A place is written with - for /.
export function pageAddress(item: string, place: string, page: number): string {
  return `${kBase}/review/items/${one(item)}/parts/${one(place.replaceAll("/", "-"))}/pages/${page}`;
}
export function fileOf(path: string, query: Query = {}): string {
  const wanted = Object.entries(query).filter(([, value]) => value !== undefined && value !== "");
  return `${kBase}/review${path}${wanted.length ? `?${new URLSearchParams(wanted.map(([name, value]) => [name, String(value)]))}` : ""}`;
}

// ---- what every page wants to know: who I am here, and what waits ----
export const about = new Store<is.Filters | undefined>(undefined);
export const waiting = new Store({ held: 0, requests: 0, proposals: 0 });

export function tellWaiting({ held, requests, proposals }: { held: number; requests: number; proposals: number }): void {
  const known = waiting.get();
  if (known.held !== held || known.requests !== requests || known.proposals !== proposals) waiting.set({ held, requests, proposals });
}
