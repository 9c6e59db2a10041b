/** What the page remembers: `tab` until the tab is closed, `browser` for longer. A browser that refuses is one that forgets. */
export interface Kept {
  read(): string | null;
  write(value: string | null): void;
}

export const keepInTab = (name: string): Kept => keepIn(() => sessionStorage, name);
export const keepInBrowser = (name: string): Kept => keepIn(() => localStorage, name);

function keepIn(storage: () => Storage, name: string): Kept {
  const key = `instar.${name}`;
  return {
    read: () => {
      try {
        return storage().getItem(key);
      } catch {
        return null;
      }
    },
    write: (value) => {
      try {
        if (value === null) storage().removeItem(key);
        else storage().setItem(key, value);
      } catch {
        // Private windows may refuse: the page then asks again after a reload.
      }
    },
  };
}
