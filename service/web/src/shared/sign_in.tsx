// Signing in: password, then whatever the server's answer says comes next.
import { useState } from "preact/hooks";
import { call } from "./api";
import { Field, Heading, Notice, ProblemNotice, useAction } from "./controls";
import { Enrolment } from "./enrolment";
import { say, type Text } from "./language";
import { PasswordForm } from "./password";
import { signOut, standing, useSession } from "./session";
import { useStore } from "./store";
import { words } from "./words";

export function SignIn({ site }: { site: Text }) {
  const { session, ended } = useStore(standing);
  const leaving = useAction();
  return (
    <div class="narrow">
      {!session && <PasswordStep site={site} ended={ended} />}
      {session?.state === "second-factor" && <CodeStep />}
      {session?.state === "enrolment" && <><Heading>{say(words.enrol)}</Heading><Enrolment /></>}
      {session?.state === "new-password" && (
        <><Heading>{say(words.newPassword)}</Heading><p>{say(words.newPasswordWhy)}</p><PasswordForm login={session.login ?? ""} /></>
      )}
      {session && <p><button type="button" class="link" disabled={leaving.running} onClick={() => void leaving.run(signOut)}>{say(words.otherAccount)}</button></p>}
      {session && leaving.error !== undefined && <ProblemNotice error={leaving.error} />}
    </div>
  );
}

function PasswordStep({ site, ended }: { site: Text; ended: boolean }) {
  const [login, setLogin] = useState("");
  const [password, setPassword] = useState("");
  const { running, error, run } = useAction();
  const submit = (event: Event) => {
    event.preventDefault();
    void run(async () => {
      try {
        useSession(await call("post", "/session", { body: { login: login.trim(), password } }));
      } finally {
        setPassword("");
      }
    });
  };
  return (
    <form class="card" onSubmit={submit}>
      <Heading title={say(words.signIn)}>{say(site)}</Heading>
      {ended && <Notice>{say(words.sessionEnded)}</Notice>}
      {error !== undefined && <ProblemNotice error={error} />}
      <Field label={say(words.login)} value={login} onValue={setLogin} name="username" autocomplete="username" autocapitalize="none" required maxLength={254} />
      <Field label={say(words.password)} value={password} onValue={setPassword} type="password" name="password" autocomplete="current-password" required maxLength={1024} />
      <button class="primary wide" disabled={running}>{say(words.signIn)}</button>
    </form>
  );
}

function CodeStep() {
  const [code, setCode] = useState("");
  const { running, error, run } = useAction();
  const submit = (event: Event) => {
    event.preventDefault();
    void run(async () => {
      const given = code.replace(/\s/g, "");
      setCode("");
      useSession(await call("post", "/session/second-factor", { body: { code: given } }));
    });
  };
  return (
    <form class="card" onSubmit={submit}>
      <Heading>{say(words.secondFactor)}</Heading>
      <p>{say(words.secondFactorHint)}</p>
      {error !== undefined && <ProblemNotice error={error} />}
      <Field label={say(words.codeOrRecovery)} hint={say(words.recoveryInstead)} value={code} onValue={setCode} autocomplete="one-time-code" autocapitalize="none" class="code" required minLength={6} maxLength={32} />
      <button class="primary wide" disabled={running}>{say(words.confirm)}</button>
    </form>
  );
}
