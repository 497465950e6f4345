// The recipients: addresses typed one after the other, or many at once from the clipboard.
import { useId, useState } from "preact/hooks";
import { say } from "../shared/language";
import { draft } from "./draft";
import { inviting, words } from "./words";

export const kRecipientsMax = 50;
const kAddress = /^[^\s@<>(),;:"\\]{1,64}@[^\s@<>(),;:"\\]{1,190}$/;

// What is complete in the text becomes a recipient; gives what is not an address.
export function addRecipients(text: string): string {
  const wrong: string[] = [];
  for (const piece of text.split(/[\s,;、；，]+/).filter(Boolean)) {
    const address = piece.replace(/^<|>$/g, "").replace(/＠/g, "@");
    const { recipients } = draft.get();
    if (!kAddress.test(address) || recipients.length >= kRecipientsMax) wrong.push(piece);
    else if (!recipients.some((one) => one.toLowerCase() === address.toLowerCase())) recipients.push(address);
  }
  draft.changed();
  return wrong.join(" ");
}

export function Recipients({ known, refused }: { known: readonly string[]; refused: boolean }) {
  const id = useId();
  const [text, setText] = useState("");
  const [wrong, setWrong] = useState("");
  const { recipients } = draft.get();
  const take = () => {
    const left = addRecipients(text);
    setText(left);
    setWrong(left);
  };
  const remove = (address: string) => {
    draft.get().recipients = recipients.filter((one) => one !== address);
    draft.changed();
    document.getElementById(id)?.focus();
  };
  const error = wrong ? say(words.notAnAddress, { text: wrong }) : refused ? say(words.refusedRecipient) : "";
  return (
    <div class="field">
      <label for={id}>{say(words.recipients)}</label>
      <p class="hint" id={`${id}-hint`}>{say(words.recipientsHint)}</p>
      {recipients.length > 0 && (
        <ul class="chips" aria-label={say(words.recipientsChosen)}>
          {recipients.map((address) => (
            <li key={address} class="chip">
              <span>{address}</span>
              <button type="button" aria-label={say(words.removeRecipient, { name: address })} onClick={() => remove(address)}>×</button>
            </li>
          ))}
        </ul>
      )}
      <input id={id} type="email" multiple inputMode="email" autocomplete="off" autocapitalize="none" list={`${id}-known`} value={text} maxLength={4000}
        aria-describedby={`${id}-hint${error ? ` ${id}-error` : ""}`} aria-invalid={error ? true : undefined}
        onInput={(event) => { setText(event.currentTarget.value); setWrong(""); }}
        onKeyDown={(event) => {
          if (event.isComposing || !["Enter", ",", ";"].includes(event.key)) return;
          if (event.key !== "Enter" || text.trim()) event.preventDefault();
          take();
        }}
        onBlur={take} />
      <datalist id={`${id}-known`}>{known.map((address) => <option key={address} value={address} />)}</datalist>
      {error && <p class="field-error" id={`${id}-error`} role="alert">{error}</p>}
    </div>
  );
}

// An invited person's files go to who asked for them.
export function FixedRecipients({ mails, refused }: { mails: readonly string[]; refused: boolean }) {
  return (
    <div class="field">
      <p class="label" id="fixed-recipients">{say(inviting.fixedRecipients)}</p>
      <ul aria-labelledby="fixed-recipients">{mails.map((mail) => <li key={mail}>{mail}</li>)}</ul>
      {refused && <p class="field-error" role="alert">{say(words.refusedRecipient)}</p>}
    </div>
  );
}
