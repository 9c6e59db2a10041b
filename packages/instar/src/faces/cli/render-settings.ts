import type { SettingsView } from "@instar/protocol";

/** What instar.yaml says, and after it how much holds that it does not say. */
export function renderSettings({ path, isInForce, problem, edit, sections }: SettingsView): string {
  const all = sections.flatMap(({ settings }) => settings);
  const written = all.filter(({ isWritten }) => isWritten);
  return [
    `${path}${problem === null ? (isInForce ? "" : ": changed since Instar started; it counts from the next start") : `: ${problem}`}`,
    ...written.map(({ pointer, value }) => `  ${pointer}: ${JSON.stringify(value)}`),
    `${all.length - written.length} more are as they are where nothing is written (--json shows them)`,
    `edits: ${edit.because}`,
  ].join("\n");
}
