// The account's own page: who one is, password, second factor.
import { useState } from "preact/hooks";
import { Heading, Notice } from "./controls";
import { Enrolment } from "./enrolment";
import { say } from "./language";
import { PasswordForm } from "./password";
import type { Session } from "./session";
import { words } from "./words";

export function Account({ session }: { session: Session }) {
  const [enrolling, setEnrolling] = useState(false);
  return (
    <div class="narrow">
      <Heading>{say(words.account)}</Heading>
      <dl class="facts">
        <dt>{say(words.login)}</dt><dd>{session.login}</dd>
        {session.department && <><dt>{say(words.department)}</dt><dd>{session.department}</dd></>}
        {session.mail && <><dt>{say(words.mail)}</dt><dd>{session.mail}</dd></>}
      </dl>
      <h2>{say(words.changePassword)}</h2>
      <PasswordForm login={session.login ?? ""} />
      <h2>{say(words.enrol)}</h2>
      {enrolling ? <Enrolment done={() => setEnrolling(false)} /> : (
        <div class="card">
          <p>{say(session.second_factor ? words.enrolled : words.notEnrolled)}</p>
          {session.second_factor && <Notice>{say(words.enrolAgainHint)}</Notice>}
          <button type="button" onClick={() => setEnrolling(true)}>{say(words.enrol)}</button>
        </div>
      )}
    </div>
  );
}
