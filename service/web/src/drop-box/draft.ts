// What is being sent: the files on their way up and what is written beside them. Stays while one looks at other pages.
import { call, ProblemError, type Schemas } from "../shared/api";
import { cleanText, randomKey } from "../shared/format";
import { beforeSignOut } from "../shared/session";
import { Store } from "../shared/store";
import type { Chosen } from "./files";
import { forgetAllUploads, forgetUpload, TusUpload } from "./tus";

const kAtOnce = 2; // uploads

export interface DraftFile {
  key: string; // the same file chosen twice has the same
  name: string;
  bytes: number;
  password: string;
  tooLarge: boolean;
  upload: TusUpload;
}

class Draft {
  files: DraftFile[] = [];
  recipients: string[] = [];
  title = "";
  message = "";
  importance = "";
  private idempotencyKey = "";
  private keyIsFor = "";
  owner = ""; // login

  // Gives how many were left out: chosen before, or more than `max` files.
  add(chosen: readonly Chosen[], rules: Schemas["DropBox"]): { twice: number; tooMany: number } {
    const left = { twice: 0, tooMany: 0 };
    for (const { file, name } of chosen) {
      const key = fingerprint(this.owner, name, file);
      if (this.files.some((one) => one.key === key)) ++left.twice;
      else if (this.files.length >= rules.files_max) ++left.tooMany;
      else {
        const upload = new TusUpload(file, cleanText(name), key, () => this.uploadChanged());
        this.files.push({ key, name, bytes: file.size, password: "", tooLarge: file.size > rules.file_bytes_max, upload });
      }
    }
    this.uploadChanged();
    return left;
  }

  remove(file: DraftFile): void {
    this.files = this.files.filter((one) => one !== file);
    void file.upload.drop();
    this.uploadChanged();
  }

  // Forgets everything; what is on the server stays until the server's own time is over.
  clear(): void {
    for (const file of this.files) file.upload.pause();
    Object.assign(this, { files: [], recipients: [], title: "", message: "", importance: "", idempotencyKey: "", keyIsFor: "" });
    draft.changed();
  }

  belongsTo(login: string): void {
    if (this.owner && this.owner !== login) this.clear();
    this.owner = login;
    for (const { upload } of this.files) if (upload.problem?.status === 401) upload.start(); // signed in again
  }

  ready(): boolean {
    return this.files.length > 0 && this.files.every((file) => file.upload.state === "done");
  }

  async submit(): Promise<Schemas["Submission"]> {
    const body = {
      uploads: this.files.map(({ upload, password }) => (password ? { id: upload.id, password } : { id: upload.id })),
      recipients: this.recipients,
      title: cleanText(this.title.trim()),
      message: cleanText(this.message.trimEnd(), true),
      importance: this.importance,
    };
    // The same key only for the same wish: an answer that was lost on its way does not send it twice.
    const wish = JSON.stringify(body);
    if (this.keyIsFor !== wish) Object.assign(this, { idempotencyKey: randomKey(), keyIsFor: wish });
    try {
      const submission = await call("post", "/submissions", { body, headers: { "Idempotency-Key": this.idempotencyKey } });
      for (const file of this.files) forgetUpload(file.key);
      this.clear();
      return submission;
    } catch (error) {
      if (error instanceof ProblemError && error.code === "incomplete-upload")
        for (const { upload } of this.files) {
          upload.state = "paused"; // asks the server where each stands
          upload.start();
        }
      throw error;
    }
  }

  private uploadChanged(): void {
    let running = this.files.filter(({ upload }) => upload.state === "sending" || upload.state === "waiting").length;
    for (const { upload, tooLarge } of this.files) {
      if (running >= kAtOnce) break;
      if (upload.state !== "idle" || tooLarge) continue;
      ++running;
      upload.state = "sending"; // taken: what start() tells comes back here
      upload.start();
    }
    draft.changed();
  }
}

// Not secret, and no name can be read from it: FNV-1a twice, over what makes the file this one.
function fingerprint(login: string, name: string, file: File): string {
  const text = `${login}\n${name}\n${file.size}\n${file.lastModified}`;
  const hash = (seed: number) => {
    let value = seed;
    for (let at = 0; at < text.length; ++at) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193) >>> 0;
    return value.toString(16).padStart(8, "0");
  };
  return hash(0x811c9dc5) + hash(0x9e3779b9);
}

export const draft = new Store(new Draft());

beforeSignOut(() => {
  draft.get().clear();
  forgetAllUploads();
});
// Leaving in the midst of it loses what is written.
window.addEventListener("beforeunload", (event) => {
  if (draft.get().files.length) event.preventDefault();
});
