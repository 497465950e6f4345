// The files of a delivery: each as it was sent, what became of it and why, and the clean files to preview and download.
import { useState } from "preact/hooks";
import { call, fileAddress, type Schemas } from "../shared/api";
import { announce, Badge, ProblemNotice, useAction } from "../shared/controls";
import { sayBytes, sayTime } from "../shared/format";
import { say, sayEither } from "../shared/language";
import { LookAtPages } from "../shared/look";
import { canPreview, Preview } from "./preview";
import type { Delivery } from "./rows";
import { words } from "./words";

type Item = Schemas["DeliveredItem"];
type CleanFile = Schemas["CleanFile"];

// `pickedUp` is called when a download began; without it there is none.
export function Items({ delivery, pickedUp }: { delivery: Delivery; pickedUp: (() => void) | undefined }) {
  const [shown, setShown] = useState<CleanFile>();
  const [viewed, setViewed] = useState<Item>();
  return (
    <>
      <ul class="files">
        {delivery.items.map((item) => <ItemRow key={item.item} delivery={delivery.id} item={item} show={setShown} view={setViewed} pickedUp={pickedUp} />)}
      </ul>
      {viewed && (
        <LookAtPages name={viewed.name} pages={viewed.files.length} all={viewed.files.length} address={(page) => fileAddress(delivery.id, viewed.files[page - 1]!.number, true)}
          close={() => { setViewed(undefined); pickedUp?.(); }} />
      )}
      {shown && <Preview delivery={delivery.id} file={shown} close={() => setShown(undefined)} />}
    </>
  );
}

type RowProps = { delivery: string; item: Item; show: (file: CleanFile) => void; view: (item: Item) => void; pickedUp: (() => void) | undefined };

function ItemRow({ delivery, item, show, view, pickedUp }: RowProps) {
  const tone = item.verdict === "clean" ? "good" : item.verdict === "held" ? "warn" : "bad";
  return (
    <li class="file">
      <div class="file-head">
        <span class="file-name">{item.name}</span>
        <span class="file-size">{sayBytes(item.bytes)}</span>
        <Badge tone={tone}>{say(item.view_only ? words.viewOnly : words[item.verdict])}</Badge>
      </div>
      {item.verdict === "held" && <p class="hint">{say(item.view_only ? words.viewOnlyMeaning : words.heldMeaning)}</p>}
      {item.request && <Request delivery={delivery} item={item} />}
      {item.verdict === "rejected" && <p class="hint">{say(words.rejectedMeaning)}</p>}
      {item.view_only && (
        <p class="row no-print">
          <button type="button" aria-label={say(words.ofFile, { action: say(words.viewPages, { n: item.files.length }), name: item.name })} onClick={() => view(item)}>{say(words.viewPages, { n: item.files.length })}</button>
          {item.files.every((file) => file.picked_up_at) && <span class="picked">✓ {say(words.viewed)}</span>}
        </p>
      )}
      {item.files.length > 0 && !item.view_only && (
        <ul class="clean-files">
          {item.files.map((file) => <CleanRow key={file.number} delivery={delivery} file={file} show={show} pickedUp={pickedUp} />)}
        </ul>
      )}
      {item.findings.length > 0 && (
        <>
          <p class="findings-head">{say(words.whatRemoved)}</p>
          <ul class="findings">{item.findings.map((finding) => <li key={finding.code} class={`finding finding-${finding.effect}`}>{sayEither(finding)}</li>)}</ul>
        </>
      )}
      <details class="more">
        <summary>{say(words.original)}</summary>
        <p class="hint">{item.type} · {say(words.checksum)} <code>{item.sha256}</code></p>
      </details>
    </li>
  );
}

// Of a held file: asks the reviewers on the Internet side for it, once.
function Request({ delivery, item }: { delivery: string; item: Item }) {
  const [asked, setAsked] = useState(false);
  const asking = useAction();
  const state = asked && item.request === "none" ? "sending" : item.request;
  if (state !== "none")
    return <p class="hint"><strong>{say(state === "refused" ? words.requestRefused : state === "granted" ? words.requestGranted : state === "gone" ? words.requestGone : words.requested)}</strong></p>;
  const ask = () => void asking.run(async () => {
    await call("post", "/deliveries/{delivery}/items/{item}/request", { path: { delivery, item: item.item } });
    setAsked(true);
    announce(say(words.requested));
  });
  return (
    <>
      {asking.error !== undefined && <ProblemNotice error={asking.error} />}
      <p class="row no-print"><button type="button" disabled={asking.running} aria-label={say(words.ofFile, { action: say(words.request), name: item.name })} onClick={ask}>{say(words.request)}</button></p>
    </>
  );
}

const kKinds: Record<CleanFile["type"], string> = { "application/pdf": "PDF", "text/plain": "TXT", "image/png": "PNG", "application/zip": "ZIP" };

function CleanRow({ delivery, file, show, pickedUp }: { delivery: string; file: CleanFile; show: (file: CleanFile) => void; pickedUp: (() => void) | undefined }) {
  const named = (action: string) => say(words.ofFile, { action, name: file.name });
  return (
    <li class="clean-file">
      <span class="kind" aria-hidden="true">{kKinds[file.type]}</span>
      <span class="clean-name">{file.name} <span class="file-size">{sayBytes(file.bytes)}</span>
        {file.picked_up_at && <span class="picked">✓ {say(words.pickedUpAt, { time: sayTime(file.picked_up_at) })}</span>}
      </span>
      <span class="row no-print">
        {canPreview(file) && <button type="button" class="quiet" aria-label={named(say(words.preview))} onClick={() => show(file)}>{say(words.preview)}</button>}
        {pickedUp && <a class="button" href={fileAddress(delivery, file.number)} download={file.name} aria-label={named(say(words.download))} onClick={pickedUp}>{say(words.download)}</a>}
      </span>
    </li>
  );
}
