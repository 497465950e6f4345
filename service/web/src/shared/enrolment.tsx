// Enrolling a second factor: QR code, secret to type, first code, recovery codes shown once.
import { useState } from "preact/hooks";
import { call, ProblemError, useCsrf } from "./api";
import { announce, Field, Loading, Notice, ProblemNotice, useAction, useAsked } from "./controls";
import { say } from "./language";
import { useSession, type Session } from "./session";
import { words } from "./words";

const kQuietZone = 4; // modules around the code (ISO/IEC 18004)

// One path of horizontal runs: no picture is loaded, no style is set.
function QrCode({ rows }: { rows: string }) {
  const lines = rows.split("\n").filter(Boolean);
  const size = lines.length + 2 * kQuietZone;
  let path = "";
  lines.forEach((line, y) => {
    for (const run of line.matchAll(/1+/g)) path += `M${run.index! + kQuietZone} ${y + kQuietZone}h${run[0].length}v1h-${run[0].length}z`;
  });
  return (
    <svg class="qr" role="img" aria-label={say(words.enrolQr)} viewBox={`0 0 ${size} ${size}`} shape-rendering="crispEdges">
      <rect width={size} height={size} fill="#fff" />
      <path d={path} fill="#000" />
    </svg>
  );
}

// `done` is called when the codes were kept; without it the page follows the session.
export function Enrolment({ done }: { done?: () => void }) {
  const asked = useAsked((signal) => call("get", "/session/enrolment", { signal }), []);
  const [code, setCode] = useState("");
  const [enrolled, setEnrolled] = useState<{ session: Session; codes: string[] }>();
  const { running, error, run } = useAction();
  if (enrolled)
    return <RecoveryCodes codes={enrolled.codes} kept={() => { useSession(enrolled.session); done?.(); }} />;
  if (asked.error !== undefined) {
    const tooLate = asked.error instanceof ProblemError && asked.error.status === 403;
    return tooLate ? <Notice kind="warn">{say(words.enrolAgainSignIn)}</Notice> : <ProblemNotice error={asked.error} retry={asked.again} />;
  }
  if (!asked.value) return <Loading />;
  const submit = (event: Event) => {
    event.preventDefault();
    void run(async () => {
      const given = code.replace(/\s/g, "");
      setCode("");
      const answer = await call("post", "/session/enrolment", { body: { code: given } });
      useCsrf(answer.session.csrf); // the former one has ended with this step
      setEnrolled({ session: answer.session, codes: answer.recovery_codes });
    });
  };
  return (
    <form class="card" onSubmit={submit}>
      <p>{say(words.enrolWhy)}</p>
      <ol class="steps">
        <li>
          <p>{say(words.enrolStep1)}</p>
          <QrCode rows={asked.value.qr} />
          <p class="hint">{say(words.enrolSecret)}</p>
          <p><code class="secret">{asked.value.secret.replace(/(.{4})(?=.)/g, "$1 ")}</code></p>
        </li>
        <li>
          <p>{say(words.enrolStep2)}</p>
          {error !== undefined && <ProblemNotice error={error} />}
          <Field label={say(words.code)} value={code} onValue={setCode} inputMode="numeric" autocomplete="one-time-code" class="code" required minLength={6} maxLength={8} />
        </li>
      </ol>
      <button class="primary wide" disabled={running}>{say(words.confirm)}</button>
    </form>
  );
}

function RecoveryCodes({ codes, kept }: { codes: string[]; kept: () => void }) {
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(codes.join("\n"));
      announce(say(words.copied));
      setTold(say(words.copied));
    } catch {
      setTold(say(words.copyFailed));
    }
  };
  const [told, setTold] = useState("");
  return (
    <section class="card">
      <h2>{say(words.recoveryCodes)}</h2>
      <p>{say(words.recoveryCodesHint)}</p>
      <ol class="recovery">{codes.map((code) => <li key={code}><code>{code}</code></li>)}</ol>
      <div class="row no-print">
        <button type="button" onClick={() => window.print()}>{say(words.print)}</button>
        <button type="button" onClick={() => void copy()}>{say(words.copy)}</button>
        <span class="hint">{told}</span>
      </div>
      <button type="button" class="primary wide no-print" onClick={kept}>{say(words.keptSafe)}</button>
    </section>
  );
}
