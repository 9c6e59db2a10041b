import { onlyIn } from "../changed-file.ts";
import { quote } from "../quote.ts";
import type { Assertion, OutlinedTest, Source, TestOutline } from "../source/source.ts";
import { byContent, type Finding, weakening } from "../touch-finder.ts";

/** What became of each test, paired by its titles; a test that only got another title is known by its assertions. */
export function compareOutlines({ outline: before }: Source, { outline: after }: Source): Finding[] {
  const findings: Finding[] = [];
  const { pairs, gone, come } = pairTests(before.tests, after.tests);
  for (const test of gone) findings.push(weakening(test.line, `the ${test.isSuite ? "suite" : "test"} ${quote(test.title)} is deleted`));
  for (const [old, fresh] of pairs) findings.push(...compareTest(old, fresh));
  for (const test of come) findings.push(...judgeNew(test));
  findings.push(...compareElsewhere(before.elsewhere, after.elsewhere));
  for (const { text, line } of onlyIn(after.only, before.only)) findings.push(weakening(line, `${quote(text)} runs alone: .only skips every other test`));
  for (const { line } of onlyIn(after.exits, before.exits)) findings.push(weakening(line, "it ends the process as a success"));
  for (const { text, line } of onlyIn(after.overrides, before.overrides)) findings.push(weakening(line, `${quote(text)} takes the place of what judges`));
  for (const { text, line } of onlyIn(after.mocks, before.mocks)) findings.push(byContent(line, `a double stands in for ${quote(text)}`));
  findings.push(...compareLeniencies(before, after));
  return findings;
}

interface Pairing {
  readonly pairs: readonly (readonly [OutlinedTest, OutlinedTest])[];
  readonly gone: readonly OutlinedTest[];
  readonly come: readonly OutlinedTest[];
}

function pairTests(before: readonly OutlinedTest[], after: readonly OutlinedTest[]): Pairing {
  const pairs: (readonly [OutlinedTest, OutlinedTest])[] = [];
  const match = (left: readonly OutlinedTest[], right: readonly OutlinedTest[], keyOf: (test: OutlinedTest) => string | undefined) => {
    const waiting = new Map<string, OutlinedTest[]>();
    for (const test of [...right].reverse()) {
      const key = keyOf(test);
      const others = key === undefined ? undefined : waiting.get(key);
      if (others !== undefined) others.push(test);
      else if (key !== undefined) waiting.set(key, [test]);
    }
    const matched = new Set<OutlinedTest>();
    const rest = left.filter((test) => {
      const partner = waiting.get(keyOf(test) ?? "")?.pop();
      if (partner === undefined) return true;
      pairs.push([test, partner]);
      matched.add(partner);
      return false;
    });
    return [rest, right.filter((test) => !matched.has(test))] as const;
  };
  const [old, fresh] = match(before, after, (test) => `${test.isSuite} ${test.title}`);
  const [gone, come] = match(old, fresh, (test) => (test.assertions.length > 0 ? test.assertions.map(({ text }) => text).join("\n") : undefined));
  // A suite with another title whose tests are all still there lost nothing.
  const around = new Set(gone.flatMap(({ title }) => title.split(" › ").map((_, at, parts) => parts.slice(0, at).join(" › "))));
  const hasNewSuite = come.some((other) => other.isSuite);
  const isKept = (suite: OutlinedTest) => suite.isSuite && hasNewSuite && !around.has(suite.title);
  return { pairs, gone: gone.filter((test) => !isKept(test)), come };
}

const counts = ({ isTrivial, isDead, isSwallowed, isConditional }: Assertion) => !isTrivial && !isDead && !isSwallowed && !isConditional;

function compareTest(old: OutlinedTest, fresh: OutlinedTest): Finding[] {
  const called = quote(fresh.title);
  const findings: Finding[] = [];
  if (fresh.skippedBy !== null && old.skippedBy === null) findings.push(weakening(fresh.line, `${called} is skipped by ${quote(fresh.skippedBy)}`));
  if (fresh.rows < old.rows) findings.push(weakening(fresh.line, `${called} runs over a smaller table than before`));
  const lost = onlyIn(old.assertions, fresh.assertions);
  const won = onlyIn(fresh.assertions, old.assertions);
  if (fresh.assertions.length < old.assertions.length)
    findings.push(weakening(lost[0]?.line ?? old.line, `${called} asserts less: ${fresh.assertions.length} instead of ${old.assertions.length}`));
  findings.push(...judgeAssertions(called, old.assertions, fresh.assertions));
  const softened = lost.some((assertion, at) => (won[at]?.strictness ?? 2) < assertion.strictness) || weightOf(won) < weightOf(lost.slice(0, won.length));
  const changed = won[0];
  if (softened && changed !== undefined) findings.push(weakening(changed.line, `${called} asks for less than before: ${quote(changed.text)}`));
  else if (changed !== undefined && lost.length > 0) findings.push(byContent(changed.line, `what ${called} expects is changed`));
  return findings;
}

const weightOf = (assertions: readonly Assertion[]) => assertions.reduce((sum, { strictness }) => sum + strictness, 0);

/** Assertions that are there and do nothing, more of them than before. */
function judgeAssertions(called: string, old: readonly Assertion[], fresh: readonly Assertion[]): Finding[] {
  const ways: readonly (readonly [(assertion: Assertion) => boolean, string])[] = [
    [({ isTrivial }) => isTrivial, "cannot fail"],
    [({ isSwallowed }) => isSwallowed, "fails unheard: its failure is caught"],
    [({ isConditional }) => isConditional, "runs only on a condition"],
    [({ isDead }) => isDead, "is never reached: a return stands before it"],
  ];
  return ways.flatMap(([is, says]) => {
    const now = fresh.filter(is);
    // A new assertion on a condition beside the old ones takes nothing away.
    if (now.length <= old.filter(is).length || fresh.filter(counts).length > old.filter(counts).length) return [];
    if (says.startsWith("runs") && fresh.filter(counts).length >= old.filter(counts).length) return [];
    return now.slice(0, 1).map(({ line, text }) => weakening(line, `an assertion of ${called} ${says}: ${quote(text)}`));
  });
}

function judgeNew(test: OutlinedTest): Finding[] {
  const empty = test.assertions.find(({ isTrivial, isSwallowed, isDead }) => isTrivial || isSwallowed || isDead);
  if (empty !== undefined) return [weakening(empty.line, `the new test ${quote(test.title)} holds an assertion that cannot fail: ${quote(empty.text)}`)];
  return test.skippedBy === null ? [] : [byContent(test.line, `the new test ${quote(test.title)} is skipped by ${quote(test.skippedBy)}`)];
}

function compareElsewhere(old: readonly Assertion[], fresh: readonly Assertion[]): Finding[] {
  const [lost] = onlyIn(old, fresh);
  const shared = judgeAssertions("what tests share", old, fresh);
  return lost !== undefined && fresh.length < old.length
    ? [weakening(lost.line, `what tests share asserts less: ${quote(lost.text)} is gone`), ...shared]
    : shared;
}

function compareLeniencies(before: TestOutline, after: TestOutline): Finding[] {
  const most = (outline: TestOutline, name: string) => Math.max(0, ...outline.leniencies.filter(({ text }) => text === name).map(({ amount }) => amount));
  const names = new Set(after.leniencies.map(({ text }) => text));
  return [...names].flatMap((name) => {
    const [was, is] = [most(before, name), most(after, name)];
    const line = after.leniencies.find(({ text }) => text === name)?.line ?? null;
    return is > was ? [weakening(line, `${quote(name)} is raised from ${was === 0 ? "its default" : was} to ${is}`)] : [];
  });
}
