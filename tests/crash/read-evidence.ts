import { createHash } from "node:crypto";
import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Kill, Sight } from "./crash-point.ts";
import type { Answer } from "./drive-clients.ts";
import type { InstanceKind } from "./instance-kind.ts";
import type { Living } from "./take-census.ts";

/** What an oracle is given beside the disk. */
export interface Witnesses {
  readonly data: string;
  readonly state: string;
  /** Where the agents noted their starts. */
  readonly witness: string;
  /** Where kills, sights and broken rules of durability were noted. */
  readonly crash: string;
  readonly answers: readonly Answer[];
  /** Versions that fail requests of their own accord. */
  readonly misbehaving: ReadonlySet<string>;
  /** Versions that show before anybody meets them that nobody should. */
  readonly unfit: ReadonlySet<string>;
  readonly kind: InstanceKind;
  readonly living: readonly Living[];
  readonly offences: readonly string[];
  /** What the front answered just now: status and version. */
  readonly front: { readonly status: number; readonly version: string | null };
}

export interface JournalRow {
  readonly update: string;
  readonly seq: number;
  readonly tickMs: number;
  readonly epoch: number;
  readonly attempt: number;
  readonly kind: string;
  readonly step: string | null;
  readonly body: JournalBody;
}

/** What an entry carries beside its columns; which of these, its kind says. */
export interface JournalBody {
  readonly start?: { readonly versionTo: string; readonly releaseFrom: string | null; readonly wayBack: string | null };
  readonly steps?: readonly PinnedStep[];
  readonly gives?: Readonly<Record<string, unknown>>;
  readonly outcome?: string;
  readonly transient?: boolean;
}

export interface PinnedStep {
  readonly id: string;
  readonly undoNeedless?: string;
  readonly exchanges?: true;
}

/** What an agent noted when it first answered well, to the health check or to the smoke check. */
export interface AgentShown {
  readonly kind: "healthy" | "smoked";
  readonly pid: number;
  readonly release: string;
  readonly atMs: number;
}

/** What an agent noted when it started; `other` is the one that still lived. */
export interface AgentStart {
  readonly kind: "start" | "second-agent";
  readonly pid: number;
  readonly version: string;
  readonly cwd: string;
  /** What its build left: a line for each time that it was built over what lay there. */
  readonly built: string;
  readonly other?: { readonly pid: number; readonly version: string };
}

export interface Release {
  readonly id: string;
  readonly digest: string | null;
  readonly manifest: string | null;
  /** The tree as it lies on disk, hashed as the manifest's digest is. */
  readonly found: string;
}

export interface Evidence extends Witnesses {
  /** A journal for each update, oldest first. */
  readonly journals: readonly (readonly JournalRow[])[];
  readonly quarantine: readonly string[];
  readonly outbox: number;
  readonly ledgerHead: { readonly length: number; readonly hash: string };
  readonly ledgerLines: readonly string[];
  /** Origin, size, root in base64, then the signature. */
  readonly checkpoint: readonly string[];
  readonly keeper: { readonly holding: boolean /** So many slots are to run. */; readonly running: number };
  /** Requests that ever waited in a hold, as far as keepers that were killed had stored it. */
  readonly held: number;
  readonly releases: readonly Release[];
  readonly snapshots: readonly { readonly id: string; readonly isWhole: boolean }[];
  readonly scratch: readonly string[];
  readonly kills: readonly Kill[];
  readonly sights: readonly Sight[];
  readonly durability: readonly string[];
  readonly starts: readonly AgentStart[];
  readonly shown: readonly AgentShown[];
  /** Lines of the state, and of each copy that was put aside. */
  readonly written: readonly string[];
  readonly aside: readonly (readonly string[])[];
}

/** Reads everything that the oracle judges, by means of its own: nothing here is shared with the product. */
export function readEvidence(witnesses: Witnesses): Evidence {
  const { data, crash, witness, state } = witnesses;
  const database = new DatabaseSync(join(data, "instar.db"), { readOnly: true, timeout: 5_000 });
  try {
    const rows = database.prepare("SELECT * FROM journal ORDER BY rowid").all() as unknown as RawRow[];
    const head = database.prepare("SELECT length, hash FROM ledger_head").get() as { length: number; hash: string };
    const noted = parseLines(join(witness, "agents.jsonl")) as (AgentStart | AgentShown)[];
    return {
      ...witnesses,
      journals: groupByUpdate(rows.map(parseRow)),
      quarantine: (database.prepare("SELECT digest FROM quarantine ORDER BY digest").all() as { digest: string }[]).map(({ digest }) => digest),
      outbox: (database.prepare("SELECT count(*) AS n FROM ledger_outbox").get() as { n: number }).n,
      ledgerHead: head,
      ledgerLines: readLedgerLines(join(data, "ledger")),
      checkpoint: linesOf(join(data, "ledger", "checkpoint")),
      keeper: readKeeper(data),
      held: (JSON.parse(readFileSync(join(data, "keeper", "counts.json"), "utf8")) as { held: number }).held,
      releases: namesIn(join(data, "releases")).map((id) => readRelease(join(data, "releases", id), id)),
      snapshots: namesIn(join(data, "snapshots"))
        .filter((id) => !id.startsWith("."))
        .map((id) => ({ id, isWhole: existsSync(join(data, "snapshots", id, "manifest.json")) })),
      scratch: namesIn(join(data, "scratch")),
      kills: parseLines(join(crash, "kills.jsonl")) as Kill[],
      sights: parseLines(join(crash, "trace.jsonl")) as Sight[],
      durability: [...new Set(linesOf(join(crash, "durability.jsonl")))],
      starts: noted.filter((line): line is AgentStart => line.kind === "start" || line.kind === "second-agent"),
      shown: noted.filter((line): line is AgentShown => line.kind === "healthy" || line.kind === "smoked"),
      written: linesOf(join(state, "writes.log")),
      aside: namesIn(join(data, "aside")).map((name) => linesOf(join(data, "aside", name, "writes.log"))),
    };
  } finally {
    database.close();
  }
}

/** Full bundles first, each entry with its length before it, then the lines that fill none yet. */
function readLedgerLines(ledger: string): string[] {
  const bundles = namesIn(join(ledger, "tile", "entries")).filter((name) => /^\d{3}$/.test(name));
  const bundled = bundles.sort().flatMap((name) => {
    const bytes = readFileSync(join(ledger, "tile", "entries", name));
    const lines: string[] = [];
    for (let at = 0; at < bytes.length; at += 2 + bytes.readUInt16BE(at)) lines.push(bytes.toString("utf8", at + 2, at + 2 + bytes.readUInt16BE(at)));
    return lines;
  });
  const tail = namesIn(ledger).filter((name) => name.endsWith(".jsonl"));
  return [...bundled, ...tail.flatMap((name) => linesOf(join(ledger, name)))];
}

function readKeeper(data: string): Evidence["keeper"] {
  const { holding, slots } = JSON.parse(readFileSync(join(data, "keeper", "state.json"), "utf8")) as {
    holding: boolean;
    slots: Record<string, { wanted: string }>;
  };
  return { holding, running: Object.values(slots).filter(({ wanted }) => wanted === "running").length };
}

interface RawRow {
  readonly update_id: string;
  readonly seq: number;
  readonly tick_ms: number;
  readonly epoch: number;
  readonly attempt: number;
  readonly kind: string;
  readonly step: string | null;
  readonly gives: string;
}

function parseRow(row: RawRow): JournalRow {
  return {
    update: row.update_id,
    seq: row.seq,
    tickMs: row.tick_ms,
    epoch: row.epoch,
    attempt: row.attempt,
    kind: row.kind,
    step: row.step,
    body: JSON.parse(row.gives),
  };
}

function groupByUpdate(rows: readonly JournalRow[]): JournalRow[][] {
  return [...Map.groupBy(rows, ({ update }) => update).values()];
}

function readRelease(folder: string, id: string): Release {
  const record = join(folder, "release.json");
  const manifest = join(folder, "manifest.jsonl");
  return {
    id,
    digest: existsSync(record) ? (JSON.parse(readFileSync(record, "utf8")) as { digest: string }).digest : null,
    manifest: existsSync(manifest) ? hashLines(linesOf(manifest).map((line) => manifestLine(JSON.parse(line) as Found))) : null,
    found: hashLines(walk(join(folder, "tree"), "").map(manifestLine)),
  };
}

interface Found {
  readonly path: string;
  readonly kind: string;
  readonly mode: string;
  readonly sizeBytes: number;
  readonly sha256?: string;
  readonly target?: string;
}

function manifestLine({ path, kind, mode, sizeBytes, sha256, target }: Found): string {
  return JSON.stringify([path, kind, mode, sizeBytes, sha256 ?? null, target ?? null]);
}

function hashLines(lines: readonly string[]): string {
  return `sha256:${createHash("sha256")
    .update(lines.map((line) => `${line}\n`).join(""))
    .digest("hex")}`;
}

function walk(tree: string, path: string): Found[] {
  const found = namesIn(join(tree, path)).flatMap((name): Found[] => {
    const inside = path === "" ? name : `${path}/${name}`;
    const at = join(tree, inside);
    const stats = lstatSync(at);
    const mode = `0${(stats.mode & 0o777).toString(8).padStart(3, "0")}`;
    if (stats.isSymbolicLink()) return [{ path: inside, kind: "link", mode: "0000", sizeBytes: 0, target: readlinkSync(at) }];
    if (stats.isDirectory()) return [{ path: inside, kind: "folder", mode, sizeBytes: 0 }, ...walk(tree, inside)];
    return [{ path: inside, kind: "file", mode, sizeBytes: stats.size, sha256: createHash("sha256").update(readFileSync(at)).digest("hex") }];
  });
  return path === "" ? found.sort((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path))) : found;
}

function namesIn(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder).sort() : [];
}

function linesOf(path: string): string[] {
  return existsSync(path) ? readFileSync(path, "utf8").split("\n").slice(0, -1) : [];
}

function parseLines(path: string): unknown[] {
  return linesOf(path).flatMap((line) => (line === "" ? [] : [JSON.parse(line)]));
}
