// What the console's server tells, as openapi.yaml has it. Everything is shown as text only.
import type { operations as Operations } from "../generated/openapi";
import type { Schemas } from "../shared/api";

export type ItemRow = Schemas["ReviewItemRow"];
export type ItemList = Schemas["ReviewItems"];
export type Item = Schemas["ReviewItem"];
export type Part = Schemas["ReviewPart"];
export type Reason = Schemas["Reason"];
export type Verdict = ItemRow["verdict"];
export type State = ItemRow["state"];
export type Filters = Schemas["ReviewFilters"];
export type Look = Schemas["ReviewLook"];
export type Proposal = Schemas["Proposal"];
export type RequestRow = Schemas["ReviewRequest"];
export type Allowance = Schemas["Allowance"];
export type Delegation = Schemas["ReviewDelegation"];
export type Overview = Schemas["ReviewOverview"];
export type AuditEntry = Schemas["AuditEntry"];
export type Checkpoint = Schemas["AuditCheckpoint"];

type Answered<O> = O extends { responses: { 200: { content: { "application/json": infer T } } } } ? T : never;
export type Health = Answered<Operations["getHealth"]>;
export type SelfCheck = Answered<Operations["getSelfCheck"]>;
export type KeptItems = Answered<Operations["listKept"]>;
export type Verified = Answered<Operations["verifyAudit"]>["trails"][number];

export type Kind = "release" | "retry" | "clean-again" | "without-part" | "reject" | "delete" | "hold" | "allow";
export interface Decision {
  kind: Kind; reason: string; recipients?: number[]; part?: string; notice?: boolean; policy?: string; passwords?: string[];
  part_type?: string; days?: number;
}
export interface Decided { recipients?: number; proposal?: number; state?: "working"; why?: Schemas["Reason"][] }
export interface BulkResult extends Decided { id: string; code?: string }
