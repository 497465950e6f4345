// What waits for my decision, and what I decided.
import { call, ProblemError } from "../shared/api";
import { Heading, Loading, ProblemNotice, useAsked } from "../shared/controls";
import { say } from "../shared/language";
import type { Session } from "../shared/session";
import { WrongRole } from "../shared/shell";
import { DeliveryRows } from "./rows";
import { words } from "./words";

export function Approvals({ decided, session }: { decided: boolean; session: Session }) {
  const asked = useAsked((signal) => call("get", "/approvals", { query: { decided }, signal }), [decided]);
  if (asked.error instanceof ProblemError && asked.error.code === "forbidden") return <WrongRole session={session} />;
  const tabs = [
    { to: "#/approvals", text: words.waitingForMe, here: !decided },
    { to: "#/approvals/decided", text: words.decidedByMe, here: decided },
    { to: "#/delegation", text: words.delegation, here: false },
  ];
  return (
    <>
      <Heading>{say(words.approvals)}</Heading>
      <nav class="tabs no-print" aria-label={say(words.approvals)}>
        {tabs.map(({ to, text, here }) => <a key={to} href={to} aria-current={here ? "page" : undefined}>{say(text)}</a>)}
      </nav>
      {asked.error !== undefined ? <ProblemNotice error={asked.error} retry={asked.again} />
        : !asked.value ? <Loading />
        : !asked.value.approvals.length ? <p>{say(decided ? words.noDecided : words.noApprovals)}</p>
        : <DeliveryRows deliveries={asked.value.approvals} to="#/approvals/of" decided={decided} />}
    </>
  );
}
