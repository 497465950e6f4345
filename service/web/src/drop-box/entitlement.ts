// What this account may do here beside sending, as the server tells: whether it invites others, whether it was invited itself.
import { call } from "../shared/api";
import { standing } from "../shared/session";
import { Store } from "../shared/store";

export interface Entitlement {
  login: string; // whose; empty: not known
  invites: boolean;
  guest: boolean; // invited: files go to the inviter alone
}

const kUnknown: Entitlement = { login: "", invites: false, guest: false };
export const entitlement = new Store<Entitlement>(kUnknown);

// Asked once for each who signs in. A refusal is an answer: neither of both. Without an answer a next page asks again.
function ask(): void {
  const { session } = standing.get();
  const login = session?.state === "signed-in" ? (session.login ?? "") : "";
  if (login === asked) return;
  asked = login;
  entitlement.set(kUnknown);
  if (!login) return;
  call("get", "/drop-box").then(
    ({ invites, recipients }) => asked === login && entitlement.set({ login, invites: invites ?? false, guest: recipients !== undefined }),
    (error: { status?: number }) => {
      if (asked !== login) return;
      if (error.status === 403) entitlement.set({ login, invites: false, guest: false });
      else asked = "";
    },
  );
}
let asked = "";
standing.watch(ask);
window.addEventListener("hashchange", ask);
