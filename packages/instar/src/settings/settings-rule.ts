/** What the file says at a key path, before anything is checked; undefined where it says nothing. */
export type Draft = (...path: string[]) => unknown;

export interface SettingsRule {
  /** Where the mistake is shown; where that key is not written, its nearest written parent. */
  readonly at: readonly string[];
  readonly says: string;
  /** Answers false where the values it looks at are themselves mistaken: that mistake is reported on its own. */
  readonly isBroken: (draft: Draft) => boolean;
}

/** The values of a list; none where it is none. */
export function listed(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
