// A clean file shown in the page: the server has proved that it is a clean PDF, text or PNG.
import { fileAddress, type Schemas } from "../shared/api";
import { say } from "../shared/language";
import { Look } from "../shared/look";
import { words } from "./words";

type CleanFile = Schemas["CleanFile"];

export function canPreview(file: CleanFile): boolean {
  return file.type !== "application/zip";
}

export function Preview({ delivery, file, close }: { delivery: string; file: CleanFile; close: () => void }) {
  const address = fileAddress(delivery, file.number, true);
  const label = say(words.previewOf, { name: file.name });
  return (
    <Look name={file.name} label={label} close={close} tools={<a href={address} target="_blank" rel="noopener">{say(words.newTab)}</a>}>
      {file.type === "image/png" ? <div class="preview-picture"><img src={address} alt={label} /></div> : <iframe class="preview-frame" src={address} title={label} />}
    </Look>
  );
}
