// The pick-up: what the closed side sees.
import "../shared/style.css";
import { call } from "../shared/api";
import { standing } from "../shared/session";
import { NotFound, start } from "../shared/shell";
import { Store, useStore } from "../shared/store";
import { Approvals } from "./approvals";
import { Delegation } from "./delegation";
import { Detail } from "./detail";
import { Inbox } from "./inbox";
import { words } from "./words";

// Staff who stand in for an approver have the menu's entry while something waits for them.
const standsIn = new Store(false);
let askedFor: string | undefined;
standing.watch(() => {
  const { session } = standing.get();
  const login = session?.state === "signed-in" && !session.roles?.includes("approver") ? session.login : undefined;
  if (login === askedFor) return;
  askedFor = login;
  standsIn.set(false);
  if (login === undefined) return;
  call("get", "/approvals").then(({ approvals }) => { if (askedFor === login) standsIn.set(approvals.length > 0); }, () => undefined); // refused: no entry
});

start({
  name: "pick-up",
  title: words.site,
  side: words.side,
  menu: ({ roles = [] }) => [
    { to: "#/", text: words.inbox, sections: ["", "deliveries"] },
    ...(useStore(standsIn) || roles.includes("approver") ? [{ to: "#/approvals", text: words.approvals, sections: ["approvals", "delegation"] }] : []),
  ],
  page: ([first, second, third, ...rest], session) => {
    if (first === undefined) return <Inbox session={session} />;
    if (first === "deliveries" && second !== undefined && third === undefined) return <Detail id={second} session={session} back="#/" />;
    if (first === "approvals" && second === undefined) return <Approvals decided={false} session={session} />;
    if (first === "approvals" && second === "decided" && third === undefined) return <Approvals decided session={session} />;
    if (first === "approvals" && second === "of" && third !== undefined && !rest.length) return <Detail id={third} session={session} back="#/approvals" />;
    if (first === "delegation" && second === undefined) return <Delegation session={session} />;
    return <NotFound />;
  },
});
