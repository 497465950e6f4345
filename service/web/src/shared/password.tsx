// Changing the password, at an administrator's wish or one's own.
import { useState } from "preact/hooks";
import { call, ProblemError } from "./api";
import { Field, Notice, ProblemNotice, useAction } from "./controls";
import { say } from "./language";
import { useSession } from "./session";
import { problems, words } from "./words";

export function PasswordForm({ login, done }: { login: string; done?: () => void }) {
  const [old, setOld] = useState("");
  const [next, setNext] = useState("");
  const [repeated, setRepeated] = useState("");
  const [changed, setChanged] = useState(false);
  const { running, error, run } = useAction();
  const differ = repeated !== "" && next !== repeated;
  const submit = (event: Event) => {
    event.preventDefault();
    setChanged(false);
    if (next !== repeated) return;
    void run(async () => {
      const session = await call("put", "/session/password", { body: { old, new: next } });
      setOld("");
      setNext("");
      setRepeated("");
      setChanged(true);
      useSession(session);
      done?.();
    });
  };
  const code = error instanceof ProblemError ? error.code : "";
  return (
    <form class="card" onSubmit={submit}>
      {changed && <Notice kind="good">{say(words.passwordChanged)}</Notice>}
      {error !== undefined && code !== "wrong-password" && <ProblemNotice error={error} />}
      <input class="unseen" type="text" name="username" autocomplete="username" value={login} readOnly tabIndex={-1} aria-hidden="true" />
      <Field label={say(words.oldPassword)} value={old} onValue={setOld} type="password" autocomplete="current-password" required maxLength={1024}
        error={code === "wrong-password" ? say(problems["wrong-password"]!) : undefined} />
      <Field label={say(words.nextPassword)} hint={say(words.nextPasswordHint)} value={next} onValue={setNext} type="password" autocomplete="new-password" required maxLength={1024} />
      <Field label={say(words.repeatPassword)} value={repeated} onValue={setRepeated} type="password" autocomplete="new-password" required maxLength={1024}
        error={differ ? say(words.passwordsDiffer) : undefined} />
      <button class="primary" disabled={running}>{say(words.change)}</button>
    </form>
  );
}
