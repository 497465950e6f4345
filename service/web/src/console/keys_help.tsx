// Which keys do what, and the switch for them.
import { say, type Text } from "../shared/language";
import { useStore } from "../shared/store";
import { words as common } from "../shared/words";
import { Dialog } from "./bits";
import { keysOn, switchKeys } from "./keys";
import { words } from "./words";

const kKeys: readonly [string, Text][] = [
  ["j", ["次の行", "Next row"]],
  ["k", ["前の行", "Previous row"]],
  ["Enter", ["開く", "Open"]],
  ["x", ["選択", "Select"]],
  ["r", ["解放", "Release"]],
  ["d", ["削除", "Delete"]],
  ["n", ["新着を表示", "Show what is new"]],
  ["/", ["検索", "Search"]],
  ["u", ["一覧へ戻る（項目の画面）", "Back to the list (from an item)"]],
  ["?", ["この説明", "This help"]],
];
const on: Text = ["1 文字のキー操作を使う", "Use keys of one letter"];

export function KeysHelp({ close }: { close: () => void }) {
  return (
    <Dialog title={say(words.keys)} close={close}>
      <dl class="keys">{kKeys.map(([key, text]) => <div key={key}><dt><kbd>{key}</kbd></dt><dd>{say(text)}</dd></div>)}</dl>
      <p class="after"><label class="tick"><input type="checkbox" checked={useStore(keysOn)} onChange={(event) => switchKeys(event.currentTarget.checked)} /> {say(on)}</label></p>
      <p class="row after"><button type="button" class="primary" onClick={close}>{say(common.close)}</button></p>
    </Dialog>
  );
}
