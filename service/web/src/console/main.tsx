// The console: what the information-policy office sees.
import "../shared/style.css";
import "./console.css";
import "./problems";
import type { Text } from "../shared/language";
import { beforeSignOut, standing } from "../shared/session";
import { NotFound, start, WrongRole } from "../shared/shell";
import { Allowances } from "./allowances";
import { Audit, type AuditTab } from "./audit";
import { Delegation } from "./delegation";
import { about, desk, waiting } from "./desk";
import { ItemPage } from "./item";
import { Items } from "./items";
import { Overview } from "./overview";
import { ProposalPage } from "./proposal";
import { Proposals } from "./proposals";
import { Requests } from "./requests";
import { SelfCheck } from "./self_check";
import { words } from "./words";

// Whoever signs in: what he may choose from. Asked once for each.
let askedFor: string | undefined;
standing.watch(() => {
  const { session } = standing.get();
  const login = session?.state === "signed-in" ? session.login : undefined;
  if (login === askedFor) return;
  askedFor = login;
  about.set(undefined);
  waiting.set({ held: 0, requests: 0, proposals: 0 });
  if (login !== undefined) desk.filters().then((known) => { if (askedFor === login) about.set(known); }, () => { askedFor = undefined; });
});
beforeSignOut(() => about.set(undefined));

const kSees = ["reviewer", "auditor"] as const;
const counted = (what: Text, n: number): Text => (n ? [`${what[0]} (${n})`, `${what[1]} (${n})`] : what);

start({
  name: "console",
  title: words.site,
  side: words.side,
  watched: [about, waiting],
  menu: ({ roles = [] }) => {
    const sees = kSees.some((role) => roles.includes(role));
    const { requests, proposals } = waiting.get();
    return [
      ...(sees ? [{ to: "#/", text: words.inbox, sections: ["", "items"] }, { to: "#/requests", text: counted(words.requests, requests), sections: ["requests"] }] : []),
      { to: "#/proposals", text: counted(words.proposals, proposals), sections: ["proposals", "delegation"] },
      { to: "#/allowances", text: words.allowances, sections: ["allowances"] },
      { to: "#/overview", text: words.overview, sections: sees ? ["overview"] : ["", "overview"] },
      { to: "#/self-check", text: words.selfCheck, sections: ["self-check"] },
      ...(roles.includes("auditor") || roles.includes("administrator") ? [{ to: "#/audit", text: words.audit, sections: ["audit"] }] : []),
    ];
  },
  page: ([first, second, ...rest], session) => {
    const { roles = [] } = session;
    if (!roles.some((role) => role === "administrator" || role === "reviewer" || role === "auditor")) return <WrongRole session={session} />;
    if (rest.length) return <NotFound />;
    if (first === undefined) return kSees.some((role) => roles.includes(role)) ? <Items session={session} /> : <Overview session={session} />;
    if (first === "items" && second !== undefined) return <ItemPage id={second} session={session} />;
    if (first === "requests" && (second === undefined || second === "all")) return <Requests all={second === "all"} session={session} />;
    if (first === "proposals" && (second === undefined || second === "all")) return <Proposals all={second === "all"} session={session} />;
    if (first === "proposals" && /^\d+$/.test(second ?? "")) return <ProposalPage number={second!} session={session} />;
    if (first === "audit" && (second === undefined || second === "verify" || second === "checkpoints")) return <Audit tab={(second ?? "entries") as AuditTab} session={session} />;
    if (second !== undefined) return <NotFound />;
    if (first === "delegation") return <Delegation session={session} />;
    if (first === "allowances") return <Allowances session={session} />;
    if (first === "overview") return <Overview session={session} />;
    if (first === "self-check") return <SelfCheck session={session} />;
    return <NotFound />;
  },
});
