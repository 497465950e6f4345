// What stands around every page: header with menus and language, the sign-in before it, the plain page for a wrong role.
import { render, type ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { Account } from "./account";
import { Announcer, Heading, Loading, ProblemNotice, useAction } from "./controls";
import { chooseLanguage, language, say, type Text } from "./language";
import { route } from "./route";
import { askWhoIsSignedIn, signOut, standing, type Session } from "./session";
import { SignIn } from "./sign_in";
import { useStore, useStores, type Store } from "./store";
import { words } from "./words";

export interface Site {
  name: "drop-box" | "pick-up" | "console";
  title: Text;
  side: Text;
  // `sections`: first segments of the pages that belong to the entry.
  menu: (session: Session) => readonly { to: string; text: Text; sections: readonly string[] }[];
  page: (segments: string[], session: Session) => ComponentChildren;
  // Whose changes change menus and pages.
  watched?: readonly Store<unknown>[];
  // What the visitor is called who has no account of his own, and so neither password nor settings.
  guest?: () => Text | undefined;
  // What comes before the sign-in and before every page, when there is something.
  entrance?: (session: Session | undefined) => ComponentChildren;
}

export function start(site: Site): void {
  document.documentElement.lang = language.get();
  document.documentElement.dataset.site = site.name;
  render(<Shell site={site} />, document.getElementById("page")!);
  void askWhoIsSignedIn();
}

const kNone: readonly Store<unknown>[] = [];

function Shell({ site }: { site: Site }) {
  useStore(language);
  useStores(site.watched ?? kNone);
  const { session, known, unreachable } = useStore(standing);
  const segments = useStore(route);
  const signedIn = session?.state === "signed-in" ? session : undefined;
  const entrance = known && !unreachable ? site.entrance?.(signedIn) : undefined;
  const guest = site.guest?.();
  return (
    <>
      <a class="skip" href="#content" onClick={(event) => { event.preventDefault(); document.getElementById("content")?.focus(); }}>{say(words.skip)}</a>
      <header class="top no-print">
        <a class="brand" href="#/"><Mark /><span class="brand-name">清め</span><span class="brand-site">{say(site.title)}</span></a>
        <span class="side">{say(site.side)}</span>
        <div class="top-end"><LanguageSwitch />{signedIn && <AccountMenu session={signedIn} guest={guest} />}</div>
        {signedIn && !entrance && <Menu site={site} session={signedIn} section={segments[0] ?? ""} />}
      </header>
      <main id="content" tabIndex={-1}>
        {!known ? <Loading />
          : unreachable ? <div class="narrow"><ProblemNotice error={undefined} retry={() => void askWhoIsSignedIn()} /></div>
          : entrance ?? (!signedIn ? <SignIn site={site.title} />
          : <div class="page" key={segments.join("/")}>{segments[0] === "account" ? (guest ? <NotFound /> : <Account session={signedIn} />) : site.page(segments, signedIn)}</div>)}
      </main>
      <Announcer />
    </>
  );
}

export function Mark() {
  return (
    <svg class="mark" viewBox="0 0 32 32" aria-hidden="true">
      <path d="M16 3c4.800 6 8.500 10.500 8.500 15.500a8.500 8.500 0 0 1-17 0C7.500 13.500 11.200 9 16 3z" fill="currentColor" />
      <path d="m11.800 18.600 3 3.100 5.600-6" fill="none" stroke="#fff" stroke-width="2.400" stroke-linecap="round" stroke-linejoin="round" />
    </svg>
  );
}

export function LanguageSwitch() {
  const other = language.get() === "ja" ? "en" : "ja";
  return <button type="button" class="quiet" lang={other} onClick={() => chooseLanguage(other)}>{other === "en" ? "English" : "日本語"}</button>;
}

function Menu({ site, session, section }: { site: Site; session: Session; section: string }) {
  const entries = site.menu(session);
  if (!entries.length) return null;
  return (
    <nav class="menu" aria-label={say(words.mainMenu)}>
      {entries.map(({ to, text, sections }) => <a key={to} href={to} aria-current={sections.includes(section) ? "page" : undefined}>{say(text)}</a>)}
    </nav>
  );
}

function AccountMenu({ session, guest }: { session: Session; guest: Text | undefined }) {
  const menu = useRef<HTMLDetailsElement>(null);
  useEffect(() => {
    const close = (event: Event) => {
      const details = menu.current;
      if (!details?.open) return;
      const escape = event instanceof KeyboardEvent && event.key === "Escape";
      if (event instanceof KeyboardEvent ? !escape : details.contains(event.target as Node)) return;
      details.open = false;
      if (escape) details.querySelector("summary")?.focus();
    };
    document.addEventListener("click", close);
    document.addEventListener("keydown", close);
    return () => {
      document.removeEventListener("click", close);
      document.removeEventListener("keydown", close);
    };
  }, []);
  const leaving = useAction(); // a sign-out that failed is told: somebody else sits down here next
  const shut = () => { if (menu.current) menu.current.open = false; };
  const name = session.name || session.login || "";
  return (
    <details class="account" ref={menu}>
      <summary aria-label={say(words.accountOf, { name })}>{name}</summary>
      <div class="account-list">
        <p class="hint">{guest ? say(guest) : session.login}{session.department && <><br />{session.department}</>}</p>
        {!guest && <a href="#/account" onClick={shut}>{say(words.account)}</a>}
        <button type="button" class="link" disabled={leaving.running} onClick={() => void leaving.run(signOut)}>{say(words.signOut)}</button>
        {leaving.error !== undefined && <ProblemNotice error={leaving.error} />}
      </div>
    </details>
  );
}

export function WrongRole({ session }: { session: Session }) {
  return (
    <div class="narrow">
      <Heading>{say(words.wrongRole)}</Heading>
      <p>{say(words.wrongRoleWhy, { login: session.login ?? "" })}</p>
    </div>
  );
}

export function NotFound() {
  return (
    <div class="narrow">
      <Heading>{say(words.notFound)}</Heading>
      <p>{say(words.notFoundWhy)}</p>
      <p><a href="#/">{say(words.back)}</a></p>
    </div>
  );
}
