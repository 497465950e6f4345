// Calls to our own server, typed by openapi.yaml: a path, a body or an answer that is not in it does not compile.
// Trusts the server's answers to be what openapi.yaml says, and shows them as text only.
import type { components, paths } from "../generated/openapi";

export type Schemas = components["schemas"];
type Method = "get" | "post" | "put" | "patch" | "delete";
type Operation<P extends keyof paths, M extends keyof paths[P]> = NonNullable<paths[P][M]>;
type JsonOf<R> = R extends { content: { "application/json": infer T } } ? T : undefined;
type Answer<O> = O extends { responses: infer R } ? JsonOf<R[keyof R & (200 | 201 | 204)]> : never;
type BodyOf<O> = O extends { requestBody: { content: { "application/json": infer B } } } ? { body: B } : { body?: never };
type PathOf<O> = O extends { parameters: { path: infer V } } ? { path: V } : { path?: never };
type QueryOf<O> = O extends { parameters: { query?: infer Q } } ? { query?: NonNullable<Q> } : { query?: never };
type Options<O> = BodyOf<O> & PathOf<O> & QueryOf<O> & { headers?: Record<string, string>; signal?: AbortSignal };

export const kBase = "/api/v1";

// A refusal, or no answer at all (status 0, code "unreachable").
export class ProblemError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly title: string,
    readonly fields: readonly string[] = [],
    readonly retryAfterSeconds = 0,
  ) {
    super(`${status} ${code}`);
  }
}

let csrf = "";
let onSignedOut: () => void = () => undefined;

export function useCsrf(value: string | undefined): void {
  csrf = value ?? "";
}
export function csrfHeader(): Record<string, string> {
  return csrf ? { "X-Kiyome-CSRF": csrf } : {};
}
// Called whenever an answer says that nobody is signed in.
export function whenSignedOut(call: () => void): void {
  onSignedOut = call;
}
export function toldSignedOut(problem: ProblemError): ProblemError {
  if (problem.status === 401 && problem.code === "not-signed-in") onSignedOut();
  return problem;
}

export function problemOf(status: number, text: string, retryAfter: string | null): ProblemError {
  const seconds = Math.min(Number.parseInt(retryAfter ?? "", 10) || 0, 86_400);
  try {
    const problem = JSON.parse(text) as Partial<Schemas["Problem"]>;
    if (typeof problem.code === "string")
      return new ProblemError(status, problem.code, problem.title ?? "", problem.fields ?? [], seconds);
  } catch {
    // not ours: what stands between us and the server answered
  }
  return new ProblemError(status, "unknown", "", [], seconds);
}

function address(path: string, values: object = {}, query: object = {}): string {
  const known = values as Record<string, string | number>;
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(known[name])));
  const wanted = Object.entries(query).filter(([, value]) => value !== undefined && value !== "");
  const search = new URLSearchParams(wanted.map(([name, value]) => [name, String(value)]));
  return `${kBase}${filled}${wanted.length ? `?${search}` : ""}`;
}

async function send(method: string, url: string, options: { body?: unknown; headers?: Record<string, string>; signal?: AbortSignal }): Promise<Response> {
  const headers: Record<string, string> = { Accept: "application/json, application/problem+json", ...options.headers };
  if (method !== "get") Object.assign(headers, csrfHeader());
  const init: RequestInit = { method: method.toUpperCase(), headers, credentials: "same-origin", cache: "no-store" };
  if (options.body !== undefined) {
    headers["Content-Type"] = "application/json";
    init.body = JSON.stringify(options.body);
  }
  if (options.signal) init.signal = options.signal;
  try {
    return await fetch(url, init);
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw new ProblemError(0, "unreachable", "");
  }
}

async function refuse(response: Response): Promise<never> {
  throw toldSignedOut(problemOf(response.status, await response.text().catch(() => ""), response.headers.get("Retry-After")));
}

// Throws ProblemError.
export async function call<M extends Method, P extends keyof paths>(
  method: M & keyof paths[P],
  path: P,
  ...[options = {} as Options<Operation<P, M>>]: Record<string, never> extends Options<Operation<P, M>>
    ? [options?: Options<Operation<P, M>>]
    : [options: Options<Operation<P, M>>]
): Promise<Answer<Operation<P, M>>> {
  const given = options as { path?: object; query?: object; body?: unknown; headers?: Record<string, string>; signal?: AbortSignal };
  const response = await send(method as string, address(path, given.path, given.query), given);
  if (!response.ok) return refuse(response);
  if (response.status === 204) return undefined as Answer<Operation<P, M>>;
  return (await response.json().catch(() => {
    throw new ProblemError(0, "unreachable", "");
  })) as Answer<Operation<P, M>>;
}

// For pages whose answers differ by status (202: it takes a while, or another person): what `call` does, but with the status.
export async function request<T>(method: string, path: string, options: { query?: object; body?: unknown; signal?: AbortSignal } = {}): Promise<{ status: number; value: T }> {
  const response = await send(method, address(path, {}, options.query), options);
  if (!response.ok) return refuse(response);
  const text = await response.text().catch(() => "");
  try {
    return { status: response.status, value: (text ? JSON.parse(text) : undefined) as T };
  } catch {
    return { status: response.status, value: undefined as T }; // a report, which is not read here
  }
}

// The submission, or nothing while it is still what `etag` names.
export async function submissionSince(
  id: string,
  etag: string,
  signal: AbortSignal,
): Promise<{ submission: Schemas["Submission"]; etag: string } | undefined> {
  const headers: Record<string, string> = etag ? { "If-None-Match": etag } : {};
  const response = await send("get", address("/submissions/{submission}", { submission: id }), { headers, signal });
  if (response.status === 304) return undefined;
  if (!response.ok) return refuse(response);
  return { submission: (await response.json()) as Schemas["Submission"], etag: response.headers.get("ETag") ?? "" };
}

// Where a clean file, or all of them as one ZIP, is fetched by the browser itself.
export function fileAddress(delivery: string, file: number, preview = false): string {
  return address("/deliveries/{delivery}/files/{file}", { delivery, file }, preview ? { preview: true } : {});
}
export function archiveAddress(delivery: string): string {
  return address("/deliveries/{delivery}/archive", { delivery });
}
// A picture of a clean page of what was sent.
export function previewAddress(submission: string, item: string, page: number): string {
  return address("/submissions/{submission}/files/{item}/pages/{page}", { submission, item, page });
}
