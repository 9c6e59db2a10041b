import semver from "semver";

/** `unmet` with a version that is not known means: it cannot be told. */
export type RangeAnswer = "met" | "unmet" | "not-understood";

/** Longer ranges are no honest ones. */
const MAX_RANGE = 256;

export function judgeNodeRange(version: string | null, range: string): RangeAnswer {
  if (range.length > MAX_RANGE || semver.validRange(range) === null) return "not-understood";
  if (semver.validRange(range) === "*") return "met";
  return version !== null && semver.satisfies(version, range, { includePrerelease: true }) ? "met" : "unmet";
}

/** `.nvmrc`: a version, or as much of one as matters (`20`), or a name. Where it is a whole version, the major one decides. */
export function isNodeNamed(version: string | null, name: string): RangeAnswer {
  const named = /^lts\/([a-z]{1,20})$/i.exec(name)?.[1]?.toLowerCase();
  if (/^(?:node|stable|lts\/\*)$/i.test(name)) return "met"; // whatever is newest
  const major = named === undefined ? /^v?(\d{1,3})(?:\.\d{1,5}){0,2}$/.exec(name)?.[1] : LTS.get(named);
  if (major === undefined) return "not-understood";
  return version !== null && semver.parse(version)?.major === Number(major) ? "met" : "unmet";
}

/** Node's names for its long-term lines. */
const LTS: ReadonlyMap<string, string> = new Map(
  ["argon 4", "boron 6", "carbon 8", "dubnium 10", "erbium 12", "fermium 14", "gallium 16", "hydrogen 18", "iron 20", "jod 22", "krypton 24"].map((line) => {
    const [name = "", major = ""] = line.split(" ");
    return [name, major] as const;
  }),
);

/** `requires-python` (PEP 440: `>=3.11,<4`) or Poetry's `python` (`^3.11`). */
export function judgePythonRange(version: string | null, range: string): RangeAnswer {
  if (range.length > MAX_RANGE || range.trim() === "") return "not-understood";
  if (range.trim() === "*") return "met";
  const answers = range.split(",").map((clause) => judgeClause(version, clause.trim()));
  if (answers.includes("not-understood")) return "not-understood";
  return answers.every((answer) => answer === "met") ? "met" : "unmet";
}

function judgeClause(version: string | null, clause: string): RangeAnswer {
  if (/^[\^~]\d/.test(clause)) return judgeNodeRange(version === null ? null : (semver.coerce(version)?.version ?? null), clause);
  const [, operator = "", numbers, star] = /^(~=|===?|!=|<=|>=|<|>|)\s{0,9}(\d{1,5}(?:\.\d{1,5}){0,4})(\.\*)?$/.exec(clause) ?? [];
  if (numbers === undefined) return "not-understood";
  if (version === null) return "unmet";
  const wanted = numbers.split(".").map(Number);
  const had = (/^\d+(?:\.\d+)*/.exec(version)?.[0] ?? "").split(".").map(Number);
  const order = compare(star === undefined ? had : had.slice(0, wanted.length), wanted);
  return holds(operator, order, wanted, had) ? "met" : "unmet";
}

function holds(operator: string, order: number, wanted: readonly number[], had: readonly number[]): boolean {
  switch (operator) {
    case "~=":
      return order >= 0 && compare(had.slice(0, wanted.length - 1), wanted.slice(0, -1)) === 0;
    case "!=":
      return order !== 0;
    case "<":
      return order < 0;
    case "<=":
      return order <= 0;
    case ">":
      return order > 0;
    case ">=":
      return order >= 0;
    default:
      return order === 0;
  }
}

function compare(one: readonly number[], other: readonly number[]): number {
  for (let at = 0; at < Math.max(one.length, other.length); at++) {
    const difference = (one[at] ?? 0) - (other[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Under [project], or [tool.poetry.dependencies]. A range that is written over several lines is not found. */
export function findRequiresPython(text: string): string | undefined {
  let section = "";
  for (const line of text.split(/\r?\n/)) {
    const header = /^\s{0,20}\[\s{0,20}([\w.-]{1,100})\s{0,20}\]/.exec(line);
    if (header !== null) section = header[1] ?? "";
    const key = section === "project" ? "requires-python" : section === "tool.poetry.dependencies" ? "python" : undefined;
    const said = /^\s{0,20}([\w-]{1,100})\s{0,20}=\s{0,20}(?:"([^"]*)"|'([^']*)')/.exec(line);
    if (said !== null && said[1] === key) return said[2] ?? said[3];
  }
  return undefined;
}
