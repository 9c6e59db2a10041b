import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { openSources, type SourceParts } from "../../compose-sources.ts";
import { Facts } from "../../database/facts.ts";
import { openDatabase } from "../../database/open-database.ts";
import { Ledger } from "../../ledger/ledger.ts";
import type { LedgerEntry } from "../../ledger/ledger-entry.ts";
import { readSettings } from "../../settings/read-settings.ts";
import { parseFloors } from "../../trust/trust-floors.ts";
import { makeTrustRoom, type TrustRoom } from "../../trust/trust-room.testing.ts";
import type { GitSource } from "../git-source.ts";
import type { NotNow, Sighting, Source } from "../source.ts";
import { openFloorsRecord } from "./floors-record.ts";

const DEFAULTS = { instanceId: "one", runningVersion: "1.0.0" as string | null, more: "" };

/** A repository behind a real server, and an instance's data folder that takes releases from it: wired as an instance is. Everything is gone after `close`. */
export class RegistryBench {
  readonly room: TrustRoom;
  readonly place: string;
  readonly data: string;
  readonly database: DatabaseSync;
  readonly facts: Facts;
  readonly signal = new AbortController().signal;

  private constructor(room: TrustRoom) {
    this.room = room;
    this.place = mkdtempSync(join(tmpdir(), "instar-registry-"));
    this.data = join(this.place, "data");
    mkdirSync(this.data);
    writeFileSync(join(this.place, "root.json"), room.shippedRoot);
    this.database = openDatabase(join(this.data, "instar.db"));
    this.facts = new Facts(this.database);
  }

  static async create(): Promise<RegistryBench> {
    return new RegistryBench(await makeTrustRoom());
  }

  /** As after a start: nothing is remembered but what is on disk. */
  async open(with_: Partial<typeof DEFAULTS> = {}): Promise<{ source: Source; git: GitSource; parts: SourceParts }> {
    const { instanceId, runningVersion, more } = { ...DEFAULTS, ...with_ };
    const registry = `{ url: "${this.room.origin}/", root: ./root.json, component: agent${more} }`;
    writeFileSync(
      join(this.place, "instar.yaml"),
      `version: 1\nname: tested\nsource: { git: ./nowhere.git, registry: ${registry} }\nagent: { start: [node, index.js], path: [/usr/bin], port: 8123 }\nstate: { kind: none }\nfront: { port: 8124 }\n`,
    );
    const { database, facts } = this;
    const ledger = new Ledger({ database, folder: join(this.data, "ledger"), now: () => this.room.clock.wallMs(), key: null });
    const parts: SourceParts = {
      read: await readSettings(this.place),
      folder: this.data,
      environment: { PATH: process.env.PATH },
      agentPath: "/usr/bin:/bin",
      facts,
      runJob: () => Promise.reject(new Error("no job runs here")),
      clock: this.room.clock,
      instanceId,
      runningVersion: () => runningVersion,
      floors: openFloorsRecord({ database, facts, ledger, parse: parseFloors, mayWrite: true }),
    };
    const opened = openSources(parts);
    const source = opened.sources.find(({ id }) => id === "registry");
    if (source === undefined) throw new Error("there is no registry among the sources");
    return { source, git: opened.git, parts };
  }

  /** One look of an instance that was just started. */
  async look(with_: Partial<typeof DEFAULTS> = {}): Promise<Sighting | NotNow> {
    return (await this.open(with_)).source.look(this.signal);
  }

  /** A look that finds something, and bringing it. */
  async bring(with_: Partial<typeof DEFAULTS> = {}): Promise<string> {
    const { source } = await this.open(with_);
    const sighting = await source.look(this.signal);
    if ("waitsBecause" in sighting) throw new Error(sighting.waitsBecause);
    return source.bring(sighting, this.signal);
  }

  /** What waits to be written to the ledger's files, oldest first. */
  entries(): LedgerEntry[] {
    const rows = this.database.prepare("SELECT line FROM ledger_outbox ORDER BY idx").all() as { line: string }[];
    return rows.map(({ line }) => JSON.parse(line) as LedgerEntry);
  }

  async close(): Promise<void> {
    this.database.close();
    await this.room.close();
    rmSync(this.place, { recursive: true, force: true });
  }
}
