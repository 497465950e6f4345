// Who is signed in, as the server says it.
import { call, ProblemError, useCsrf, whenSignedOut, type Schemas } from "./api";
import { Store } from "./store";

export type Session = Schemas["Session"];
export interface Standing {
  session?: Session;
  known: boolean; // the server has been asked
  ended: boolean; // a session ended while the page was used
  unreachable: boolean;
}

export const standing = new Store<Standing>({ known: false, ended: false, unreachable: false });

export function useSession(session: Session): void {
  useCsrf(session.csrf);
  standing.set({ session, known: true, ended: false, unreachable: false });
}

function forget(ended: boolean): void {
  useCsrf(undefined);
  standing.set({ known: true, ended, unreachable: false });
}

whenSignedOut(() => {
  const { session, ended } = standing.get();
  forget(ended || session?.state === "signed-in");
});

export async function askWhoIsSignedIn(): Promise<void> {
  try {
    useSession(await call("get", "/session"));
  } catch (error) {
    if (error instanceof ProblemError && error.status === 401) forget(false);
    else standing.set({ known: true, ended: false, unreachable: true });
  }
}

const leaving = new Set<() => void>();
// What must not stay in the browser for the next one at this computer.
export function beforeSignOut(call: () => void): void {
  leaving.add(call);
}

export async function signOut(): Promise<void> {
  try {
    await call("delete", "/session");
  } catch (error) {
    if (!(error instanceof ProblemError) || error.status !== 401) throw error;
  }
  for (const leave of leaving) leave();
  location.hash = "";
  forget(false);
}
