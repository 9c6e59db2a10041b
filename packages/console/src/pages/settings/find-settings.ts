import type { SettingsView } from "@instar/protocol";

type Section = SettingsView["sections"][number];

/** The settings whose place or purpose has every word, whatever its case; sections without one are left out. Pure. */
export function findSettings(sections: readonly Section[], words: string, isWrittenOnly: boolean): Section[] {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  return sections.flatMap((section) => {
    const settings = section.settings.filter(({ pointer, describe, isWritten }) => {
      const text = `${pointer} ${describe}`.toLowerCase();
      return (isWritten || !isWrittenOnly) && wanted.every((word) => text.includes(word));
    });
    return settings.length === 0 ? [] : [{ ...section, settings }];
  });
}
