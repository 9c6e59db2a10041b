import type { CheckResult } from "@instar/protocol";
import type { Edit } from "../edit.ts";
import { compareFindings, type Found, judgeCheck, listRenames, NOT_ASKED } from "./compare-findings.ts";
import { type FileShape, measureShape } from "./measure-shape.ts";

/** Ways through a function: McCabe's own number to stop at is 10; twice that is where people begin to lose the thread. */
const MANY = 20;
/** Nobody tests forty ways through one function. */
const TOO_MANY = 40;
/** A function that gains this many at once, and ends beyond `MANY`, was not extended but overloaded. */
const LEAP = 15;
const DEEP = 6;
const LONG_LINES = 800;

/**
 * The one rule: beyond 20 ways through, a function that is new or got worse is noted; it counts against the change where it is beyond 40, or
 * gained 15. Length and nesting are notes. A function is found again by its name.
 */
export function checkComplexity(edits: readonly Edit[]): CheckResult {
  const [before, after]: [Found[], Found[]] = [[], []];
  for (const edit of edits) {
    const old = edit.status === "added" ? undefined : measureShape(edit.from ?? edit.path, edit.before);
    const fresh = edit.status === "deleted" ? undefined : measureShape(edit.path, edit.after);
    const oldShape = old?.kind === "measured" ? old : undefined;
    if (oldShape !== undefined) before.push(...describeShape(edit.from ?? edit.path, oldShape, oldShape));
    if (fresh?.kind === "measured") after.push(...describeShape(edit.path, fresh, oldShape));
    else if (fresh?.kind === "not-measured") after.push({ rule: NOT_ASKED, path: edit.path, line: null, severity: "warning", message: fresh.because });
  }
  const findings = compareFindings(before, after, listRenames(edits));
  return judgeCheck({ check: "complexity", tool: "oxc-parser, lezer", before: before.length, findings });
}

function describeShape(path: string, shape: FileShape, old: FileShape | undefined): Found[] {
  const found: Found[] = [];
  for (const { name, line, now, was } of compareSizes(shape, old, "ways")) {
    if (now <= MANY) continue;
    const isWorse = now > was;
    const counts = isWorse && (now > TOO_MANY || (was > 0 && now - was >= LEAP));
    const message = `${name} has ${now} ways through it${was > 0 && isWorse ? `; there were ${was}` : ""}`;
    found.push({ rule: "ways-through", path, line, severity: counts ? "warning" : "note", message, identity: isWorse ? `${name} ${now}` : name });
  }
  for (const { name, line, now, was } of compareSizes(shape, old, "depth"))
    if (now > DEEP)
      found.push({ rule: "nesting", path, line, severity: "note", message: `${name} is nested ${now} deep`, identity: now > was ? `${name} ${now}` : name });
  if (shape.lines > LONG_LINES)
    found.push({ rule: "length", path, line: null, severity: "note", message: `the file has ${shape.lines} lines`, identity: "long" });
  return found;
}

interface Compared {
  readonly name: string;
  readonly line: number;
  readonly now: number;
  /** 0 where there was none. */
  readonly was: number;
}

/** Functions of one name are paired by their size, the largest with the largest: one that is put before the others moves none of them. */
function compareSizes(shape: FileShape, old: FileShape | undefined, size: "ways" | "depth"): Compared[] {
  const sizesBefore = new Map<string, number[]>();
  for (const { name, [size]: was } of [...(old?.functions ?? [])].sort((one, other) => one[size] - other[size]))
    sizesBefore
      .set(name, sizesBefore.get(name) ?? [])
      .get(name)
      ?.push(was);
  return [...shape.functions]
    .sort((one, other) => other[size] - one[size])
    .map(({ name, line, [size]: now }) => ({ name, line, now, was: sizesBefore.get(name)?.pop() ?? 0 }));
}
