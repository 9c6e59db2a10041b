import type { Conflict } from "@instar/protocol";
import { type Manifest, parseManifest } from "../lockfiles/parse-manifest.ts";
import type { NamedText } from "../lockfiles/plan-dependency-changes.ts";
import { findRequiresPython, isNodeNamed, judgeNodeRange, judgePythonRange, type RangeAnswer } from "./judge-range.ts";

/** What Instar would run the agent with; null: not known. */
export interface Runtime {
  readonly node: string | null;
  readonly python: string | null;
  /** As Node names them: `linux`, `x64`. */
  readonly platform: string;
  readonly arch: string;
  /** Package managers by name. Absent: not known. */
  readonly managers?: Readonly<Record<string, string>>;
}

export interface VersionQuestion {
  readonly packages: readonly NamedText[];
  readonly toolFiles?: readonly NamedText[];
  readonly before?: { readonly packages: readonly NamedText[]; readonly toolFiles?: readonly NamedText[] };
  readonly runtime: Runtime;
  readonly directory?: string;
}

/** What the candidate says it needs and does not get. What the running version says as well does not block: it runs. */
export function findVersionMismatches(question: VersionQuestion): Conflict[] {
  const said = requirementsOf(question, question.packages, question.toolFiles ?? []);
  const before = new Set(
    question.before === undefined ? [] : requirementsOf(question, question.before.packages, question.before.toolFiles ?? []).map(identityOf),
  );
  return said.flatMap((requirement) => {
    const conflict = judge(requirement);
    if (conflict === undefined || !conflict.blocks || !before.has(identityOf(requirement))) return conflict ?? [];
    return { ...conflict, blocks: false, because: `${conflict.because}; the version that runs asks for the same` };
  });
}

interface Requirement {
  readonly file: string;
  readonly what: string;
  readonly wants: string;
  /** null: not known. */
  readonly has: string | null;
  readonly answer: RangeAnswer;
  /** A word of advice to developers, while another file says what is needed. */
  readonly isHint: boolean;
}

const identityOf = ({ file, what, wants }: Requirement): string => JSON.stringify([file, what, wants]);

function judge({ file, what, wants, has, answer, isHint }: Requirement): Conflict | undefined {
  if (answer === "met") return undefined;
  const asks = `${file} asks for ${what} ${JSON.stringify(wants.slice(0, 200))}`;
  const of = (because: string, blocks: boolean, advice: string): Conflict => ({
    kind: "version_mismatch",
    what,
    because,
    resolution: "manual",
    blocks,
    advice,
  });
  if (answer === "not-understood") return of(`${asks}, which cannot be understood`, false, "Look at it: it could not be compared.");
  if (has === null) return of(`${asks}; which one would run it is not known`, false, "");
  return of(`${asks}, and ${has} is what runs it`, !isHint, `Bring ${what} ${wants.slice(0, 200)} to this machine, or change what ${file} asks for.`);
}

/** Of the repository's root and the agent's own folder: other projects in the tree have needs of their own. */
function requirementsOf(
  { runtime, directory = "." }: VersionQuestion,
  packages: readonly NamedText[],
  toolFiles: readonly NamedText[],
): readonly Requirement[] {
  const folder = directory.replace(/^(?:\.\/)+|\/+$/g, "");
  const folders = new Set(["", folder === "." || folder === "" ? "" : `${folder}/`]);
  return [...folders].flatMap((prefix) => {
    const textOf = (name: string) => [...packages, ...toolFiles].find(({ path }) => path === `${prefix}${name}`)?.text;
    const manifest = readManifest(textOf("package.json"));
    const nodeFiles = [".nvmrc", ".node-version"].flatMap((name) =>
      ofNodeFile(`${prefix}${name}`, textOf(name), runtime, manifest?.engines.has("node") === true),
    );
    return [
      ...(manifest === undefined ? [] : ofManifest(`${prefix}package.json`, manifest, runtime)),
      ...nodeFiles,
      ...ofPyproject(`${prefix}pyproject.toml`, textOf("pyproject.toml"), runtime),
    ];
  });
}

/** One that cannot be read is said where lockfiles are compared. */
function readManifest(text: string | undefined): Manifest | undefined {
  const manifest = text === undefined ? undefined : parseManifest(text);
  return manifest === undefined || "unreadable" in manifest ? undefined : manifest;
}

function ofManifest(file: string, { engines, os, cpu }: Manifest, runtime: Runtime): Requirement[] {
  const asked: Requirement[] = [];
  const node = engines.get("node");
  if (node !== undefined) asked.push({ file, what: "Node", wants: node, has: runtime.node, answer: judgeNodeRange(runtime.node, node), isHint: false });
  for (const name of ["npm", "pnpm", "yarn"]) {
    const wants = engines.get(name);
    const has = (runtime.managers !== undefined && Object.hasOwn(runtime.managers, name) ? runtime.managers[name] : undefined) ?? null;
    if (wants !== undefined) asked.push({ file, what: name, wants, has, answer: judgeNodeRange(has, wants), isHint: false });
  }
  for (const [what, wanted, has] of [["the system", os, runtime.platform] as const, ["the processor", cpu, runtime.arch] as const])
    if (wanted.length > 0) asked.push({ file, what, wants: wanted.join(", "), has, answer: isListed(wanted, has) ? "met" : "unmet", isHint: false });
  return asked;
}

/** npm's own reading: one named, or none of those that are named with `!`. */
function isListed(wanted: readonly string[], has: string): boolean {
  if (wanted.length === 1 && wanted[0] === "any") return true;
  if (wanted.includes(`!${has}`)) return false;
  return wanted.includes(has) || wanted.every((word) => word.startsWith("!"));
}

function ofNodeFile(file: string, text: string | undefined, { node }: Runtime, isHint: boolean): Requirement[] {
  const wants = text?.split("\n", 1)[0]?.split("#", 1)[0]?.trim() ?? "";
  return wants === "" ? [] : [{ file, what: "Node", wants, has: node, answer: isNodeNamed(node, wants), isHint }];
}

function ofPyproject(file: string, text: string | undefined, { python }: Runtime): Requirement[] {
  const wants = text === undefined ? undefined : findRequiresPython(text);
  return wants === undefined ? [] : [{ file, what: "Python", wants, has: python, answer: judgePythonRange(python, wants), isHint: false }];
}
