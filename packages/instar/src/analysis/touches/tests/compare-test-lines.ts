import type { ChangedFile, ChangedLine } from "../changed-file.ts";
import { byContent, type Finding, weakening } from "../touch-finder.ts";

/** Of Go, Ruby, Java, Rust, C#, PHP, Gherkin, and of files that do not parse. */
const SKIPS =
  /\b(describe|it|test|suite)\.(skip|todo)\b|\bx(it|describe|test)\b ?[("'`]|\bt\.Skip(Now|f)?\(|\bb\.Skip\(|testing\.Short\(\)|@(Disabled|Ignore)\b|#\[ignore|\[Ignore|\bSkip ?= ?"|\bpending\b|\bskip\(|markTest(Skipped|Incomplete)|@pytest\.mark\.(skip|xfail)|unittest\.skip|@(skip|wip|ignore)\b|\bXCTSkip|@tag :skip/;
const ONLY = /\b(describe|it|test|suite)\.only\b|\bf(it|describe)\b ?[("'`]|:focus\b|@only\b/;
const ASSERTS = /\b(assert\w*[!(.]?|expect|should|refute|require\.\w+|XCTAssert\w*|t\.(Error|Fatal)f?|t\.(Fail|FailNow)\(|Then )(?=\W|$|\w)/;
const CASES =
  /\bfunc Test\w|#\[(tokio::)?test|@Test\b|@ParameterizedTest|\[(Fact|Theory|Test|TestMethod)\b|\bdef test_|^(it|test|specify|scenario|describe)\b ?\(?["'`]|^(Scenario|Scenario Outline|Example):|^@test "|\bfunction test\w+ ?\(|\bfunc test\w+\(\)/;

/** What can be told without a grammar: lines that came and went. */
export function compareTestLines({ added, removed, edit }: ChangedFile, unparsed: string | null): Finding[] {
  const how = unparsed === null ? "" : ` (${unparsed}: its lines were compared)`;
  const findings: Finding[] = unparsed === null ? [] : [byContent(null, `${unparsed}: what became of its tests is known by its lines alone`)];
  if (edit.status === "deleted") return findings;
  const more = (pattern: RegExp, lines: readonly ChangedLine[], than: readonly ChangedLine[]) => {
    const found = lines.filter(({ code }) => pattern.test(code));
    return found.length > than.filter(({ code }) => pattern.test(code)).length ? found[0] : undefined;
  };
  const rules: readonly (readonly [ChangedLine | undefined, string])[] = [
    [more(SKIPS, added, removed), "a test is skipped"],
    [more(ONLY, added, removed), "a test runs alone: every other one is skipped"],
    [more(CASES, removed, added), "a test is deleted"],
    [more(ASSERTS, removed, added), "it asserts less"],
    [
      more(/\b(expect\(true\)|assert\(true|assert True\b|assert_?[tT]rue\(([Tt]rue|1)\)|assert!\(true|assertTrue\(true)|\bor True\b/, added, removed),
      "an assertion cannot fail",
    ],
  ];
  return [...findings, ...rules.flatMap(([line, says]) => (line === undefined ? [] : [weakening(line.line, `${says}${how}`)]))];
}
