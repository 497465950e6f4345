// A client of tus 1.0 (core, creation, termination): one file goes up in pieces, and goes on where it stood after a
// broken connection, a pause, or a page that was closed.
import { csrfHeader, kBase, problemOf, ProblemError, toldSignedOut } from "../shared/api";

const kPieceBytes = 32 * 1024 * 1024; // of one PATCH
const kStalledMs = 60_000; // a request without progress for so long is broken
const kPauseFirstMs = 1000; // between tries, doubled each time
const kPauseMaxMs = 30_000;
const kTriesMax = 20; // in a row without progress: about nine minutes

export type UploadState = "idle" | "sending" | "waiting" | "paused" | "done" | "failed";

interface Answered {
  status: number;
  text: string;
  header: (name: string) => string | null;
}

export class TusUpload {
  state: UploadState = "idle";
  sent = 0;
  id = ""; // known once the server has created it
  problem: ProblemError | undefined;
  private confirmed = 0; // octets that the server has said it has
  private wanted = false;
  private running = false;
  private request: XMLHttpRequest | undefined;
  private wake: () => void = () => undefined;

  // `key` names the file for going on after the page was closed.
  constructor(private readonly file: Blob, private readonly name: string, private readonly key: string, private readonly changed: () => void) {}

  start(): void {
    if (this.state === "done") return;
    this.wanted = true;
    this.problem = undefined;
    if (this.running) this.wake();
    else void this.run();
  }

  pause(): void {
    if (this.state === "done" || this.state === "failed") return;
    this.wanted = false;
    this.tell("paused");
    this.request?.abort();
    this.wake();
  }

  // Takes it off the server, too.
  async drop(): Promise<void> {
    this.wanted = false;
    this.request?.abort();
    this.wake();
    const id = this.id || remembered(this.key);
    forgetUpload(this.key);
    if (id) await this.ask("DELETE", `/uploads/${id}`, {}).catch(() => undefined);
  }

  private tell(state: UploadState): void {
    this.state = state;
    this.changed();
  }

  private async run(): Promise<void> {
    this.running = true;
    let tries = 0;
    while (this.wanted) {
      const before = this.confirmed;
      try {
        this.tell("sending");
        await this.sendAll();
        if (this.wanted || this.sent === this.file.size) this.finish();
      } catch (error) {
        if (!this.wanted) break;
        const problem = error instanceof ProblemError ? error : new ProblemError(0, "unreachable", "");
        tries = this.confirmed > before ? 1 : tries + 1;
        if (!passes(problem) || tries > kTriesMax) {
          this.wanted = false;
          this.problem = problem;
          this.tell(problem.status === 401 ? "paused" : "failed");
          break;
        }
        this.tell("waiting");
        await this.rest(Math.max(problem.retryAfterSeconds * 1000, Math.min(kPauseFirstMs * 2 ** (tries - 1), kPauseMaxMs)));
      }
    }
    this.running = false;
    if (this.wanted) void this.run(); // started anew while the last request was ending
  }

  private finish(): void {
    this.wanted = false;
    this.sent = this.file.size;
    this.tell("done");
  }

  private async sendAll(): Promise<void> {
    let offset = await this.offsetThere();
    this.sent = this.confirmed = offset;
    while (this.wanted && offset < this.file.size) {
      const from = offset;
      const piece = this.file.slice(from, from + kPieceBytes);
      const answer = await this.ask("PATCH", `/uploads/${this.id}`, { "Upload-Offset": String(from), "Content-Type": "application/offset+octet-stream" }, piece, (loaded) => {
        this.sent = Math.min(from + loaded, this.file.size);
        this.changed();
      });
      offset = whole(answer.header("Upload-Offset"), from + 1, this.file.size);
      this.sent = this.confirmed = offset;
      this.changed();
    }
  }

  // Where the upload stands on the server; creates it when there is none.
  private async offsetThere(): Promise<number> {
    this.id ||= remembered(this.key);
    if (this.id) {
      try {
        const answer = await this.ask("HEAD", `/uploads/${this.id}`, {});
        if (whole(answer.header("Upload-Length"), 0, Number.MAX_SAFE_INTEGER) === this.file.size) return whole(answer.header("Upload-Offset"), 0, this.file.size);
      } catch (error) {
        if (!(error instanceof ProblemError) || ![403, 404, 410].includes(error.status)) throw error;
      }
      this.id = "";
      forgetUpload(this.key);
    }
    const answer = await this.ask("POST", "/uploads", { "Upload-Length": String(this.file.size), "Upload-Metadata": `filename ${base64(this.name)}` });
    this.id = /([0-9a-f-]{36})\/?$/.exec(answer.header("Location") ?? "")?.[1] ?? "";
    if (!this.id) throw new ProblemError(answer.status, "unknown", "");
    remember(this.key, this.id);
    return 0;
  }

  private ask(method: string, path: string, headers: Record<string, string>, body?: Blob, progress?: (loaded: number) => void): Promise<Answered> {
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest(); // fetch tells no progress of what it sends
      let stalled = 0;
      const alive = () => {
        clearTimeout(stalled);
        stalled = window.setTimeout(() => request.abort(), kStalledMs);
      };
      request.open(method, `${kBase}${path}`);
      for (const [name, value] of Object.entries({ "Tus-Resumable": "1.0.0", ...csrfHeader(), ...headers })) request.setRequestHeader(name, value);
      request.upload.onprogress = (event) => {
        alive();
        progress?.(event.loaded);
      };
      request.onloadend = () => {
        clearTimeout(stalled);
        if (this.request === request) this.request = undefined;
        const { status, responseText: text } = request;
        const header = (name: string) => request.getResponseHeader(name);
        if (status >= 200 && status < 300) resolve({ status, text, header });
        else if (status === 0) reject(new ProblemError(0, "unreachable", ""));
        else reject(toldSignedOut(status === 401 && method === "HEAD" ? new ProblemError(401, "not-signed-in", "") : problemOf(status, text, header("Retry-After"))));
      };
      if (method !== "DELETE") this.request = request;
      alive();
      request.send(body ?? null);
    });
  }

  // Until the time is over, the network is back, or somebody wants to go on.
  private rest(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const over = () => {
        clearTimeout(timer);
        window.removeEventListener("online", over);
        this.wake = () => undefined;
        resolve();
      };
      const timer = window.setTimeout(over, ms);
      window.addEventListener("online", over);
      this.wake = over;
    });
  }
}

// Whether trying again may help.
function passes(problem: ProblemError): boolean {
  return problem.status === 0 || problem.status === 408 || problem.status === 409 || (problem.status >= 500 && problem.status !== 507);
}

function whole(text: string | null, min: number, max: number): number {
  const value = /^\d{1,15}$/.test(text ?? "") ? Number(text) : NaN;
  if (!(value >= min && value <= max)) throw new ProblemError(0, "unreachable", "");
  return value;
}

function base64(text: string): string {
  let octets = "";
  for (const octet of new TextEncoder().encode(text)) octets += String.fromCharCode(octet);
  return btoa(octets);
}

// ---- what goes on after the page was closed; ids only, no names, gone at sign-out ----
const kPrefix = "kiyome.upload.";

function remembered(key: string): string {
  try {
    return localStorage.getItem(kPrefix + key) ?? "";
  } catch {
    return "";
  }
}
function remember(key: string, id: string): void {
  try {
    localStorage.setItem(kPrefix + key, id);
  } catch {
    // then it begins anew after the page was closed
  }
}
export function forgetUpload(key: string): void {
  try {
    localStorage.removeItem(kPrefix + key);
  } catch {
    // as above
  }
}
export function forgetAllUploads(): void {
  try {
    for (const name of Object.keys(localStorage)) if (name.startsWith(kPrefix)) localStorage.removeItem(name);
  } catch {
    // as above
  }
}
