// The secret of an invitation's link, "#invitation=TOKEN": taken out of the address bar before anything is shown, so that neither
// the history nor a copied address has it, and kept for this tab until the invitation is used, declined or dead.
import type { Schemas } from "../shared/api";
import { route } from "../shared/route";
import { beforeSignOut } from "../shared/session";
import { Store } from "../shared/store";

export interface Opened {
  inviter: string;
  mailHint: string;
  expiresAt: string;
}
export interface InvitationLink {
  token: string;
  opened?: Opened; // a code was sent: a reload asks for no other one
  confirmed?: string; // login of the guest; when that session ends, the link leads back
}

const kStored = "kiyome.invitation";
const kLink = /^#invitation=(.*)$/;

function remembered(): InvitationLink | undefined {
  try {
    const link = JSON.parse(sessionStorage.getItem(kStored) ?? "null") as InvitationLink | null;
    return typeof link?.token === "string" ? link : undefined;
  } catch {
    return undefined; // storage is forbidden, or not ours: then a reload needs the link once more
  }
}

export const invitationLink = new Store<InvitationLink | undefined>(remembered());

export function keep(link: InvitationLink | undefined): void {
  try {
    if (link) sessionStorage.setItem(kStored, JSON.stringify(link));
    else sessionStorage.removeItem(kStored);
  } catch {
    // as above
  }
  invitationLink.set(link);
}

export function opened(link: InvitationLink, { inviter, mail_hint, expires_at }: { inviter: string; mail_hint: string; expires_at: string }): void {
  keep({ token: link.token, opened: { inviter, mailHint: mail_hint, expiresAt: expires_at } });
}
export function confirmed(link: InvitationLink, session: Schemas["Session"]): void {
  keep({ token: link.token, confirmed: session.login ?? "" }); // the code is used up
}

function take(): void {
  const token = kLink.exec(location.hash)?.[1];
  if (token === undefined) return;
  history.replaceState(null, "", "#/");
  route.set([]);
  if (invitationLink.get()?.token !== token) keep({ token });
}
take();
window.addEventListener("hashchange", take); // the link may be opened in a tab that has this page already
beforeSignOut(() => keep(undefined));
