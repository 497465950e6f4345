// What takes two people: what waits for a second person, and what became of the rest.
import { ProblemError } from "../shared/api";
import { Badge, Heading, Loading, ProblemNotice, type Tone } from "../shared/controls";
import { say } from "../shared/language";
import type { Session } from "../shared/session";
import { WrongRole } from "../shared/shell";
import { words as common } from "../shared/words";
import { When } from "./bits";
import { kinds } from "./decide_words";
import { desk } from "./desk";
import type { Proposal } from "./interface";
import { proposalStates, proposalWords } from "./office_words";
import { useCursor } from "./paged";
import { words } from "./words";

const kTones: Record<string, Tone> = { open: "warn", agreed: "busy", done: "good", refused: "plain", expired: "plain", "broken-glass": "bad", failed: "bad" };

export function ProposalState({ state }: { state: string }) {
  return <Badge tone={kTones[state] ?? "plain"}>{say(proposalStates[state] ?? [state, state])}</Badge>;
}
export function sayKind(kind: string): string {
  return say(kinds[kind as keyof typeof kinds]?.word ?? [kind, kind]);
}

export function ProposalTabs({ here, reviewer }: { here: "open" | "all" | "delegation"; reviewer: boolean }) {
  return (
    <nav class="tabs no-print" aria-label={say(words.proposals)}>
      <a href="#/proposals" aria-current={here === "open" ? "page" : undefined}>{say(proposalWords.open)}</a>
      <a href="#/proposals/all" aria-current={here === "all" ? "page" : undefined}>{say(proposalWords.all)}</a>
      {reviewer && <a href="#/delegation" aria-current={here === "delegation" ? "page" : undefined}>{say(proposalWords.delegation)}</a>}
    </nav>
  );
}

export function Proposals({ all, session }: { all: boolean; session: Session }) {
  const listed = useCursor(async (after, signal) => {
    const { proposals, next } = await desk.proposals({ state: all ? "all" : "open", after }, signal);
    return { rows: proposals, next };
  }, [all]);
  if (listed.error instanceof ProblemError && listed.error.code === "forbidden") return <WrongRole session={session} />;
  return (
    <>
      <Heading>{say(words.proposals)}</Heading>
      <p class="lead">{say(proposalWords.intro)}</p>
      <ProposalTabs here={all ? "all" : "open"} reviewer={session.roles?.includes("reviewer") ?? false} />
      {listed.error !== undefined && <ProblemNotice error={listed.error} retry={listed.again} />}
      {!listed.rows ? (listed.error === undefined && <Loading />) : !listed.rows.length ? <p>{say(proposalWords.none)}</p> : (
        <ul class="list">{listed.rows.map((proposal) => <Row key={proposal.number} proposal={proposal} />)}</ul>
      )}
      {listed.canMore && <button type="button" disabled={listed.running} onClick={() => void listed.more()}>{say(common.more)}</button>}
    </>
  );
}

function Row({ proposal }: { proposal: Proposal }) {
  return (
    <li>
      <a class="list-row" href={`#/proposals/${proposal.number}`}>
        <span class="list-title">{sayKind(proposal.kind)}{proposal.item_subject !== undefined && `: ${proposal.item_subject || say(words.noSubject)}`}</span>
        <span class="list-detail"><When at={proposal.proposed_at} /></span>
        <span class="list-detail list-who">{proposal.by}: {proposal.reason}</span>
        <span class="badges">{proposal.may_decide && proposal.state === "open" && <Badge tone="busy">{say(proposalWords.may)}</Badge>}<ProposalState state={proposal.state} /></span>
      </a>
    </li>
  );
}
