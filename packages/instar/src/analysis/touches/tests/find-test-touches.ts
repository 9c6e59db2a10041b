import type { ChangedFile } from "../changed-file.ts";
import { isDocumentPath } from "../is-document-path.ts";
import { isTestPath } from "../is-test-path.ts";
import { quote } from "../quote.ts";
import type { Source } from "../source/source.ts";
import { byContent, byName, type Finding, nameTouch, weakening } from "../touch-finder.ts";
import { compareOutlines } from "./compare-outlines.ts";
import { compareTestLines } from "./compare-test-lines.ts";

/** Tests that judge the agent: by their names, and by what stands in them. An agent that grades its own homework begins here. */
export function findTestTouches(file: ChangedFile): readonly Finding[] {
  const { edit, before, after } = file;
  const wasTest = edit.status !== "added" && (isTestPath(edit.from ?? edit.path) || isTestSource(before));
  const isTest = edit.status !== "deleted" && (isTestPath(edit.path) || isTestSource(after));
  if (!wasTest && !isTest) return [];
  if (isDocumentPath(edit.path) && !isTestSource(before) && !isTestSource(after)) return [];
  const named = file.paths.some(isTestPath);
  const touches: Finding[] = [named ? nameTouch(file, "a test, or something tests stand on", true) : nameByContent(file)];
  if (edit.from !== undefined && isTestPath(edit.from) && !isTestPath(edit.path))
    touches.push(byName(`it was the test ${quote(edit.from)}; by its new name nothing runs it`, true));
  if (!file.isRead) return touches;
  if (edit.status === "deleted" && isTestSource(before)) touches.push(weakening(1, "the tests in it are deleted"));
  if (edit.status !== "deleted" && before.outline.tests.length > 0 && !isTestSource(after) && after.unparsed === null)
    touches.push(weakening(null, "no test is left in it"));
  if (/\.snap(shot)?$/.test(edit.path) && edit.status === "modified") touches.push(byContent(null, "what its tests expect is changed"));
  const unparsed = [before.unparsed, after.unparsed].find((each) => each !== null);
  if (unparsed !== undefined || (before.language === "other" && after.language === "other")) return [...touches, ...compareTestLines(file, unparsed ?? null)];
  return edit.status === "deleted" ? touches : [...touches, ...compareOutlines(before, after)];
}

/** What one side of it is, as far as that side was read. */
const nameByContent = ({ isRead }: ChangedFile) =>
  isRead ? byContent(null, "tests stand in it") : weakening(null, "tests stand in it, and it could not be read");

const RUNNERS =
  /^(node:test|vitest|@jest\/globals|jest|mocha|ava|tap|tape|uvu|qunit|@playwright\/test|bun:test|@japa\/runner|@std\/testing.*|cypress|pytest|unittest|unittest\.mock|nose2?|hypothesis)$/;

function isTestSource(source: Source): boolean {
  if (source.imports.some(({ text }) => RUNNERS.test(text))) return true;
  if (source.outline.tests.some(({ isSuite, assertions }) => isSuite || assertions.length > 0)) return true;
  if (source.outline.tests.length > 0) return source.language === "program" || source.outline.tests.length > 1;
  return (
    source.unparsed !== null &&
    source.code.some((line) =>
      /^(describe|it|test)(\.\w+)?\(["'`]|^(async )?def test_|^(from|import) (pytest|unittest)\b|from ["'](vitest|node:test)["']/.test(line),
    )
  );
}
