// What is left of it, or would be: the clean body and pictures of the clean pages, made in the sandboxes when somebody asks.
import { useEffect, useState } from "preact/hooks";
import { announce, ProblemNotice, useAction } from "../shared/controls";
import { say } from "../shared/language";
import { LookAtPages } from "../shared/look";
import { words as common } from "../shared/words";
import { Reasons } from "./bits";
import { desk, pageAddress } from "./desk";
import type { Item, Look } from "./interface";
import { words } from "./words";

const kAskMs = 1000;
const kThumbnails = 3; // of one part

export function Left({ item }: { item: Item }) {
  const [look, setLook] = useState<Look>();
  const [error, setError] = useState<unknown>();
  const [round, setRound] = useState(0);
  const starting = useAction();
  useEffect(() => {
    const over = new AbortController();
    let timer = 0;
    const ask = async () => {
      try {
        const now = await desk.look(item.id, over.signal);
        setLook(now);
        setError(undefined);
        if (now.state === "working") timer = window.setTimeout(() => void ask(), kAskMs);
        else if (round > 0) announce(say(now.state === "ready" ? words.left : words.lookFailed, { why: now.why ?? "" }));
      } catch (caught) {
        if (!over.signal.aborted) setError(caught);
      }
    };
    void ask();
    return () => {
      over.abort();
      clearTimeout(timer);
    };
  }, [item.id, round]);
  const start = () => void starting.run(async () => {
    setLook(await desk.startLook(item.id));
    setRound(round + 1);
  });
  const state = look?.state;
  return (
    <div class="card left" aria-busy={state === "working"}>
      <h3>{say(words.left)}</h3>
      <p class="hint">{say(words.leftHint)}</p>
      {error !== undefined && <ProblemNotice error={error} retry={() => setRound(round + 1)} />}
      {starting.error !== undefined && <ProblemNotice error={starting.error} />}
      {look === undefined && error === undefined && <p class="hint" role="status">{say(common.loading)}</p>}
      {state === "none" && (
        <>
          <p class="hint">{say(words.lookWhat)}</p>
          <p class="after no-print"><button type="button" disabled={starting.running} onClick={start}>{say(words.lookStart)}</button></p>
        </>
      )}
      {state === "working" && <p role="status" class="working">{say(words.lookWorking)}<progress aria-label={say(words.lookWorking)} /></p>}
      {state === "failed" && (
        <>
          <p class="hint-bad">{say(words.lookFailed, { why: look?.why ?? "" })}</p>
          <p class="after no-print"><button type="button" disabled={starting.running} onClick={start}>{say(words.lookAgain)}</button></p>
        </>
      )}
      {state === "ready" && look && <Ready item={item} look={look} />}
    </div>
  );
}

function Ready({ item, look }: { item: Item; look: Look }) {
  const [shown, setShown] = useState<{ place: string; name: string; pages: number; page: number }>();
  const parts = look.parts ?? [];
  return (
    <>
      {look.reasons && look.reasons.length > 0 && <Reasons reasons={look.reasons} />}
      {item.direction === "mail" && <><h4>{say(words.body)}</h4><div class="clean-body" tabIndex={0} role="region" aria-label={say(words.body)}>{look.body?.trim() ? look.body : say(words.bodyEmpty)}</div></>}
      {parts.length > 0 && <h4>{say(words.files)}</h4>}
      {parts.map((part) => (
        <div key={part.place} class="looked">
          <p><strong>{part.name || part.place}</strong>{part.pages > 0 && <span class="hint"> {say(words.pages, { n: part.pages })}</span>}</p>
          {part.pages > 0 ? (
            <button type="button" class="thumbnails" aria-label={say(words.openPages, { name: part.name || part.place })} onClick={() => setShown({ ...part, page: 1 })}>
              {Array.from({ length: Math.min(part.pages, kThumbnails) }, (_, page) => <img key={page} loading="lazy" src={pageAddress(item.id, part.place, page + 1)} alt="" />)}
              {part.pages > kThumbnails && <span class="hint">+{part.pages - kThumbnails}</span>}
            </button>
          ) : part.text ? <div class="clean-body" tabIndex={0} role="region" aria-label={part.name || part.place}>{part.text}</div> : <p class="hint">{say(words.noPages)}</p>}
          {part.cut && <p class="hint">{say(words.pagesCut)}</p>}
          {part.malware && <p class="hint-bad">{say(words.malware, { name: part.malware })}</p>}
          {part.reasons.length > 0 && <Reasons reasons={part.reasons} />}
        </div>
      ))}
      {shown && <LookAtPages name={shown.name || shown.place} pages={shown.pages} all={shown.pages} address={(page) => pageAddress(item.id, shown.place, page)} close={() => setShown(undefined)} />}
    </>
  );
}
