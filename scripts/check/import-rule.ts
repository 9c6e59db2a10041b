import { posix } from "node:path";
import type { Problem } from "./problem.ts";
import { type Import, isTestFile, type SourceFile } from "./scan-source.ts";

/**
 * Which room may import which. Imports run one way, from faces down to the protocol, so that a room can be read, tested
 * and replaced with only what lies below it in mind.
 */
export function checkImports(files: readonly SourceFile[]): Problem[] {
  const real = files.filter((file) => file.path.startsWith("packages/") && !isTestFile(file.path));
  return [...real.flatMap((file) => file.imports.flatMap((wanted) => checkImport(file, wanted))), ...findFileCycles(real), ...findRoomCycles(real)];
}

const PROTOCOL = "@instar/protocol";
const BASE = ["ledger", "database", "store", "platform", "settings"];
const DOMAIN = [
  "sources",
  "edits",
  "self",
  "releases",
  "backups",
  "analysis",
  "governance",
  "sandbox",
  "validation",
  "rehearsal",
  "observation",
  "notifications",
  "reports",
  "trust",
  "schedule",
  "statistics",
];

interface RoomRule {
  readonly may: readonly string[];
  /** Of these rooms only these files. */
  readonly only?: Readonly<Record<string, readonly string[]>>;
  /** Of these rooms anything, but its types only. */
  readonly types?: readonly string[];
  readonly why: string;
}

const domainRule: RoomRule = {
  may: [...BASE, "statistics"],
  why: "A domain room does not know the others: what joins them is a step of an update, and everything above can be taken away from it.",
};
const faceRule: RoomRule = {
  may: ["operations", "settings", "platform"],
  only: { daemon: ["read-daemon-door.ts"], keeper: ["keeper-client.ts"] },
  why: "Faces are thin and decide nothing: what they need, an operation or compose.ts gives them.",
};

/** keeper-state.ts: the names of the slots and what is remembered of them are plain data that both processes speak. */
const KEEPER_FROM_OUTSIDE = ["keeper-client.ts", "keeper-state.ts"];

const ROOMS: Readonly<Record<string, RoomRule>> = {
  "main.ts": { may: ["compose.ts", "faces"], why: "main.ts only turns argv into a face; everything that is built, compose.ts builds." },
  "compose.ts": {
    may: ["compose-instance.ts", "compose-trust.ts", "compose-webhooks.ts", "faces", "demo", "operations", "daemon", "keeper", "analysis", ...BASE],
    why: "compose.ts wires processes and is wired by main.ts alone.",
  },
  "compose-sources.ts": {
    may: ["sources", "trust", ...BASE],
    why: "compose-sources.ts wires where new versions come from, and who vouches for signed ones.",
  },
  "compose-webhooks.ts": {
    may: ["daemon", "faces", "governance", "sources", ...BASE],
    why: "compose-webhooks.ts wires what is heard to who judges it and to the source that is asked then.",
  },
  "compose-trust.ts": {
    may: ["faces", "trust", ...BASE],
    why: "compose-trust.ts wires signed releases to the command line and to the server that shows them.",
  },
  "compose-instance.ts": {
    may: ["compose-sources.ts", "daemon", "update", "keeper", ...DOMAIN, ...BASE],
    why: "compose-instance.ts wires the rooms of an instance, whichever process opens it.",
  },
  faces: faceRule,
  demo: { ...faceRule, may: [...faceRule.may, "faces"], why: "The demo uses Instar as a person does: through its faces." },
  operations: {
    may: ["update", "daemon", "doctor", ...DOMAIN, ...BASE],
    only: { keeper: KEEPER_FROM_OUTSIDE },
    types: ["keeper"],
    why: "Operations answer every face alike, so they know no face; the keeper is another process and is only asked.",
  },
  daemon: {
    may: ["update", ...DOMAIN, ...BASE],
    only: { keeper: KEEPER_FROM_OUTSIDE },
    types: ["keeper"],
    why: "The daemon may die and be upgraded without the keeper: it talks to it by its client, and knows no face.",
  },
  update: {
    may: [...DOMAIN, ...BASE],
    only: { keeper: KEEPER_FROM_OUTSIDE },
    types: ["keeper"],
    why: "The engine must be driven by a test or a daemon alike, so it knows neither the daemon nor what is above it.",
  },
  doctor: { may: [...DOMAIN, ...BASE], why: "The doctor reads the disk with eyes of its own: what it shares with the engine, it cannot find wrong." },
  keeper: { may: ["platform", "settings", "statistics"], why: "The keeper must outlive every daemon, also a broken one: it imports nothing of the daemon's." },
  ...Object.fromEntries(DOMAIN.map((room) => [room, domainRule])),
  statistics: { may: ["platform"], why: "Statistics are formulas over numbers." },
  ledger: { may: ["database", "platform"], why: "The ledger must verify with nothing of the engine." },
  store: { may: ["platform"], why: "The store knows bytes and trees by their digests, not what they mean: releases and snapshots are kept in it alike." },
  database: { may: ["platform"], why: "The database knows files and rows, not what they mean." },
  settings: { may: ["platform"], why: "Settings are parsed before anything else exists." },
  platform: { may: [], why: "The platform is the ground: it rests on Node and the protocol alone." },
};

function checkImport(file: SourceFile, wanted: Import): Problem[] {
  const refuse = (rule: string, why: string): Problem[] => [{ path: file.path, line: wanted.line, rule, why }];
  if (/^(\.|@instar\/)/.test(wanted.specifier) && /\.(test|testing)\.ts$/.test(wanted.specifier))
    return refuse(`imports the test part ${wanted.specifier}`, "What only tests need must not run in service.");
  const home = packageOf(file.path);
  if (wanted.specifier.startsWith("@instar/")) {
    if (home === "protocol")
      return refuse(`@instar/protocol may not import ${wanted.specifier}`, "The protocol is what everything else rests on: it imports nothing of ours.");
    if (wanted.specifier !== PROTOCOL)
      return refuse(`${home} may not import ${wanted.specifier}`, "Packages meet in the protocol only; the test kit is for tests.");
    return [];
  }
  const target = targetOf(file, wanted);
  if (target === undefined) return [];
  if (packageOf(target) !== home) return refuse(`reaches into ${target}`, "A package is imported by its name, never by a path into its folder.");
  if (home !== "instar") return [];
  const from = roomOf(file.path);
  const to = roomOf(target);
  if (from === to) return [];
  const rule = ROOMS[from];
  if (rule === undefined) return refuse(`${from} is a room without a rule`, "Say in scripts/check/import-rule.ts what the new room may import, and why.");
  if (isAllowed(rule, to, target, wanted.isTypeOnly)) return [];
  const narrower = rule.only?.[to] === undefined ? "" : ` (only ${rule.only[to].join(", ")}${rule.types?.includes(to) ? " and types" : ""})`;
  return refuse(`${from} may not import ${to}${narrower}: ${wanted.specifier}`, rule.why);
}

function isAllowed(rule: RoomRule, to: string, target: string, isTypeOnly: boolean): boolean {
  if (rule.may.includes(to)) return true;
  if (isTypeOnly && rule.types?.includes(to)) return true;
  return rule.only?.[to]?.includes(target.split("/").slice(4).join("/")) ?? false;
}

const packageOf = (path: string) => path.split("/")[1] ?? "";
/** packages/instar/src/update/steps/watch.ts → update; packages/instar/src/main.ts → main.ts */
const roomOf = (path: string) => path.split("/")[3] ?? "";

export function targetOf(file: SourceFile, { specifier }: Import): string | undefined {
  return specifier.startsWith(".") ? posix.join(posix.dirname(file.path), specifier) : undefined;
}

const CYCLE_WHY = "In a cycle nothing can be read, tested or loaded first.";

function findFileCycles(files: readonly SourceFile[]): Problem[] {
  const graph = new Map(files.map((file) => [file.path, file.imports.flatMap((wanted) => targetOf(file, wanted) ?? [])]));
  return findCycles(graph).map((cycle) => ({ path: cycle[0] ?? "", line: 0, rule: `files import each other: ${cycle.join(" → ")}`, why: CYCLE_WHY }));
}

function findRoomCycles(files: readonly SourceFile[]): Problem[] {
  const graph = new Map<string, string[]>();
  for (const file of files.filter(({ path }) => packageOf(path) === "instar")) {
    const from = roomOf(file.path);
    const to = file.imports.flatMap((wanted) => targetOf(file, wanted) ?? []).map(roomOf);
    graph.set(from, [...new Set([...(graph.get(from) ?? []), ...to.filter((room) => room !== from)])]);
  }
  return findCycles(graph).map((cycle) => ({
    path: `packages/instar/src/${cycle[0]}`,
    line: 0,
    rule: `rooms import each other: ${cycle.join(" → ")}`,
    why: CYCLE_WHY,
  }));
}

/** One cycle for each edge that closes one, as seen by a walk in depth; none means that there are none. */
export function findCycles(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  const done = new Set<string>();
  const cycles: string[][] = [];
  const walk = (node: string, path: readonly string[]): void => {
    const at = path.indexOf(node);
    if (at >= 0) cycles.push([...path.slice(at), node]);
    if (at >= 0 || done.has(node)) return;
    for (const next of graph.get(node) ?? []) walk(next, [...path, node]);
    done.add(node);
  };
  for (const node of graph.keys()) walk(node, []);
  return cycles;
}
