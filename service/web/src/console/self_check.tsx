// Clauses of a typical policy beside the evidence of this installation.
import { ProblemError } from "../shared/api";
import { Badge, Heading, Loading, ProblemNotice, useAsked, type Tone } from "../shared/controls";
import { language, say } from "../shared/language";
import type { Session } from "../shared/session";
import { WrongRole } from "../shared/shell";
import { desk } from "./desk";
import { selfCheckWords } from "./office_words";
import { words } from "./words";

const kTones: Record<"yes" | "no" | "attention", Tone> = { yes: "good", no: "bad", attention: "warn" };

export function SelfCheck({ session }: { session: Session }) {
  const asked = useAsked((signal) => desk.selfCheck(signal), []);
  if (asked.error instanceof ProblemError && asked.error.code === "forbidden") return <WrongRole session={session} />;
  const clauses = asked.value?.clauses ?? [];
  const count = (ok: "yes" | "no" | "attention") => clauses.filter((clause) => clause.ok === ok).length;
  const english = language.get() === "en";
  return (
    <>
      <Heading>{say(words.selfCheck)}</Heading>
      <p class="lead">{say(selfCheckWords.intro)}</p>
      {asked.error !== undefined ? <ProblemNotice error={asked.error} retry={asked.again} /> : !asked.value ? <Loading /> : (
        <>
          <p><strong>{say(selfCheckWords.summary, { yes: count("yes"), attention: count("attention"), no: count("no") })}</strong></p>
          <ul class="files clauses">
            {clauses.map((clause) => (
              <li key={clause.code} class="file">
                <div class="file-head"><span class="file-name">{english ? clause.en : clause.ja}</span><Badge tone={kTones[clause.ok]}>{say(selfCheckWords[clause.ok])}</Badge></div>
                <p class="evidence">{english ? clause.evidence_en : clause.evidence_ja}</p>
              </li>
            ))}
          </ul>
        </>
      )}
    </>
  );
}
