// Looking at something in the page, in a dialog of the browser's own: one clean file, or pictures of pages one by one.
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { say } from "./language";
import { words } from "./words";

// `tools` stand beside the name.
export function Look({ name, label, tools, close, children }: { name: string; label: string; tools?: ComponentChildren; close: () => void; children: ComponentChildren }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const shown = dialog.current!;
    const before = document.activeElement;
    shown.showModal();
    return () => {
      shown.close();
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  return (
    <dialog class="preview" ref={dialog} aria-label={label} onClose={close} onClick={(event) => { if (event.target === dialog.current) close(); }}>
      <header class="preview-head">
        <span class="file-name">{name}</span>
        {tools}
        <button type="button" onClick={close}>{say(words.close)}</button>
      </header>
      {children}
    </dialog>
  );
}

// `address` of a page, counted from 1. `pages` pictures are there, of `all` pages.
export function LookAtPages({ name, pages, all, address, close }: { name: string; pages: number; all: number; address: (page: number) => string; close: () => void }) {
  const [page, setPage] = useState(1);
  const [failed, setFailed] = useState(false);
  const picture = useRef<HTMLDivElement>(null);
  const turn = (to: number) => {
    if (to < 1 || to > pages || to === page) return;
    setFailed(false);
    setPage(to);
    picture.current?.scrollTo(0, 0);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === "ArrowLeft" || event.key === "PageUp") turn(page - 1);
    else if (event.key === "ArrowRight" || event.key === "PageDown") turn(page + 1);
    else if (event.key === "Home") turn(1);
    else if (event.key === "End") turn(pages);
    else return;
    event.preventDefault();
  };
  const position = say(words.pageOf, { page, pages: all });
  const tools = (
    <span class="row pager">
      <button type="button" aria-label={say(words.pageBefore)} disabled={page === 1} onClick={() => turn(page - 1)}>‹</button>
      <span aria-live="polite">{position}</span>
      <button type="button" aria-label={say(words.pageNext)} disabled={page === pages} onClick={() => turn(page + 1)}>›</button>
    </span>
  );
  return (
    <Look name={name} label={say(words.pagesOf, { name })} tools={tools} close={close}>
      <div class="preview-picture" ref={picture} tabIndex={0} onKeyDown={onKeyDown}>
        {failed
          ? <p class="preview-failed" role="alert">{say(words.pageFailed)}</p>
          : <img key={page} src={address(page)} alt={say(words.pictureOf, { name, page })} onError={() => setFailed(true)} />}
        {page === pages && all > pages && <p class="hint">{say(words.pagesShown, { n: pages })}</p>}
      </div>
    </Look>
  );
}
