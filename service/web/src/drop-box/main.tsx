// The drop box: what the Internet side sees.
import "../shared/style.css";
import { NotFound, start } from "../shared/shell";
import { entitlement } from "./entitlement";
import { invitationLink } from "./invitation_link";
import { Invitations } from "./invitations";
import { entrance } from "./invited";
import { Send } from "./send";
import { SentDetail, SentList } from "./sent";
import { inviting, words } from "./words";

start({
  name: "drop-box",
  title: words.site,
  side: words.side,
  menu: () => [
    { to: "#/", text: words.send, sections: [""] },
    { to: "#/sent", text: words.sent, sections: ["sent"] },
    ...(entitlement.get().invites ? [{ to: "#/invitations", text: inviting.title, sections: ["invitations"] }] : []),
  ],
  watched: [entitlement, invitationLink],
  guest: () => (entitlement.get().guest ? inviting.guest : undefined),
  entrance,
  page: ([first, second, ...rest], session) => {
    if (first === undefined) return <Send session={session} />;
    if (first === "sent" && second === undefined) return <SentList session={session} />;
    if (first === "sent" && second !== undefined && !rest.length) return <SentDetail id={second} session={session} />;
    if (first === "invitations" && second === undefined) return <Invitations session={session} />;
    return <NotFound />;
  },
});
