import type { DiffView, FileDiff } from "@instar/protocol";

/** What an update changes: a line for all, then each file with its hunks. */
export function renderDiff({ from, to, total, files, addedLines, deletedLines }: DiffView): string {
  const head = `${from?.version ?? "nothing"} → ${to.version}: ${total} file${total === 1 ? "" : "s"}, +${addedLines} −${deletedLines}`;
  const rest = total > files.length ? [`and ${total - files.length} more files`] : [];
  return [head, ...files.map(renderFile), ...rest].join("\n\n");
}

function renderFile({ path, from, change, addedLines, deletedLines, modes, text, leftOut }: FileDiff): string {
  const moved = from === null ? "" : `${from} → `;
  const mode = modes === null ? "" : `, mode ${modes.before} → ${modes.after}`;
  return `${moved}${path} (${change}, +${addedLines} −${deletedLines}${mode})\n${text === null ? `  left out: ${leftOut}` : text.trimEnd()}`.trimEnd();
}
