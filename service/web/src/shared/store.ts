// A value that pages watch: whoever shows it is drawn again when it changes.
import { useEffect, useState } from "preact/hooks";

export class Store<T> {
  private readonly watchers = new Set<() => void>();
  constructor(private value: T) {}
  get(): T {
    return this.value;
  }
  set(value: T): void {
    this.value = value;
    this.changed();
  }
  // For values that are changed in place.
  changed(): void {
    for (const watcher of [...this.watchers]) watcher();
  }
  watch(watcher: () => void): () => void {
    this.watchers.add(watcher);
    return () => this.watchers.delete(watcher);
  }
}

export function useStore<T>(store: Store<T>): T {
  const [, redraw] = useState(0);
  useEffect(() => {
    const watcher = () => redraw((times) => times + 1);
    watcher(); // it may have changed between drawing and here
    return store.watch(watcher);
  }, [store]);
  return store.get();
}

// Of several: only that they have changed.
export function useStores(stores: readonly Store<unknown>[]): void {
  const [, redraw] = useState(0);
  useEffect(() => {
    const watcher = () => redraw((times) => times + 1);
    watcher();
    const leave = stores.map((store) => store.watch(watcher));
    return () => leave.forEach((one) => one());
  }, [stores]);
}
