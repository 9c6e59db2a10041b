import { type ChangedFile, onlyIn } from "./changed-file.ts";
import { type Finding, weakening } from "./touch-finder.ts";

const HUSHING =
  /@ts-(?:ignore|nocheck|expect-error)\b|\b(?:eslint|oxlint|tslint|stylelint)[-:]disable|\bbiome-ignore\b|\b(?:istanbul|c8|v8|node:coverage) (?:ignore|disable)|\bnoqa\b|\btype: ?ignore|\bpylint: ?disable|\bpragma: ?no cover|\bpyright: ?(?:ignore|basic)|\bmypy: ?ignore|\bnolint\b|\bnosec\b|\bnosemgrep\b|\bNOSONAR\b|\bprettier-ignore\b|\bdeno-lint-ignore\b|@SuppressWarnings|\brubocop:disable|#\[allow\(/;

/** Comments that tell a checker to look away, in any file: only those that were not there before. */
export function findHushedChecks({ before, after, added, isRead }: ChangedFile): Finding[] {
  if (!isRead) return [];
  const said = after.comments.length > 0 || after.language !== "other" ? after.unparsed === null : false;
  const hushing = said
    ? onlyIn(
        after.comments.filter(({ text }) => HUSHING.test(text.replace(/\s+/g, " "))),
        before.comments,
        ({ text }) => text.trim(),
      )
    : added.filter(({ text }) => /(#|\/\/|\/\*|--|@|<!--)/.test(text) && HUSHING.test(text));
  return hushing.map(({ text, line }) => weakening(line, `a comment tells a check to look away: ${HUSHING.exec(text.replace(/\s+/g, " "))?.[0] ?? ""}`));
}
