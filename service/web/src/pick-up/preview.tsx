// A clean file shown in the page: the server has proved that it is a clean PDF, text or PNG. Shown in a dialog of the browser's own.
import { useEffect, useRef } from "preact/hooks";
import { fileAddress, type Schemas } from "../shared/api";
import { say } from "../shared/language";
import { words as common } from "../shared/words";
import { words } from "./words";

type CleanFile = Schemas["CleanFile"];

export function canPreview(file: CleanFile): boolean {
  return file.type !== "application/zip";
}

export function Preview({ delivery, file, close }: { delivery: string; file: CleanFile; close: () => void }) {
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
  const address = fileAddress(delivery, file.number, true);
  const name = say(words.previewOf, { name: file.name });
  return (
    <dialog class="preview" ref={dialog} aria-label={name} onClose={close} onClick={(event) => { if (event.target === dialog.current) close(); }}>
      <header class="preview-head">
        <span class="file-name">{file.name}</span>
        <a href={address} target="_blank" rel="noopener">{say(words.newTab)}</a>
        <button type="button" onClick={close}>{say(common.close)}</button>
      </header>
      {file.type === "image/png" ? <div class="preview-picture"><img src={address} alt={name} /></div> : <iframe class="preview-frame" src={address} title={name} />}
    </dialog>
  );
}
