// Files and folders as the browser hands them over, with the folders' names before theirs.

const kDepthMax = 32; // folders within each other
export interface Chosen {
  file: File;
  name: string; // folders parted by "/"
}

// Must be called within the drop event: the browser forgets the items afterwards.
export function droppedEntries(transfer: DataTransfer): (FileSystemEntry | File)[] {
  return Array.from(transfer.items)
    .filter((item) => item.kind === "file")
    .map((item) => item.webkitGetAsEntry() ?? item.getAsFile())
    .filter((entry) => entry !== null);
}

// At most `max` files; one more tells that there are too many.
export async function filesIn(entries: readonly (FileSystemEntry | File)[], max: number): Promise<Chosen[]> {
  const found: Chosen[] = [];
  const waiting = entries.map((entry) => ({ entry, depth: 0 }));
  while (waiting.length && found.length <= max) {
    const { entry, depth } = waiting.shift()!;
    if (entry instanceof File) found.push({ file: entry, name: entry.name });
    else if (entry.isFile) {
      const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
      found.push({ file, name: entry.fullPath.replace(/^\//, "") });
    } else if (depth < kDepthMax) {
      const within = await entriesOf(entry as FileSystemDirectoryEntry, max);
      waiting.push(...within.map((one) => ({ entry: one, depth: depth + 1 })));
    }
  }
  return found;
}

async function entriesOf(folder: FileSystemDirectoryEntry, max: number): Promise<FileSystemEntry[]> {
  const reader = folder.createReader();
  const all: FileSystemEntry[] = [];
  while (all.length <= max) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject)); // 100 at a time
    if (!some.length) break;
    all.push(...some);
  }
  return all;
}

export function chosenFiles(list: FileList): Chosen[] {
  return Array.from(list, (file) => ({ file, name: file.webkitRelativePath || file.name }));
}

// What may be encrypted, so that a password is asked for.
export function mayHavePassword(name: string): boolean {
  return /\.(zip|7z|rar|lzh|pdf|docx?|docm|xlsx?|xlsm|xlsb|pptx?|pptm|od[tsp])$/i.test(name);
}
export function endsInOneOf(name: string, endings: readonly string[]): boolean {
  const lower = name.toLowerCase();
  return endings.some((ending) => lower.endsWith(ending.startsWith(".") ? ending.toLowerCase() : `.${ending.toLowerCase()}`));
}
