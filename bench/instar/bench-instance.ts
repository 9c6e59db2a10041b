import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { UpdateView } from "@instar/protocol";
import { findFreePort } from "@instar/testkit";
import { settingsSchema } from "../../packages/instar/src/settings/settings.ts";
import { fromWall, until } from "../bench-clock.ts";
import { endPid, type Place } from "../place.ts";
import { breakAgent, copyAgent, servedVersion, setVersion, untilServes } from "../switches/bench-agent.ts";
import type { Span } from "../switches/subject.ts";

const MAIN = fileURLToPath(new URL("../../packages/instar/src/main.ts", import.meta.url));
const NAME = "bench";
const WATCHED_REQUESTS = 10;

/** How long a new version is watched, as instar.yaml says it. */
interface Watched {
  readonly time: string;
  readonly requests: number;
}

/** A real instance, driven by its CLI as a person would: upstream's remote, the agent's folder, a data folder of its own. */
export class BenchInstance {
  readonly port: number;
  /** How versions change places here. */
  readonly strategy: "blue-green" | "recreate";
  readonly #place: Place;
  readonly #work: string;
  readonly #remote: string;
  readonly #agent: string;
  readonly #data: string;

  private constructor(place: Place, port: number, strategy: "blue-green" | "recreate") {
    this.#place = place;
    this.port = port;
    this.strategy = strategy;
    this.#work = join(place.folder, "work");
    this.#remote = join(place.folder, "upstream.git");
    this.#agent = join(place.folder, "agent");
    this.#data = join(place.folder, "data", NAME);
  }

  /** Version 1.0.0 serves and is committed. */
  static async start(
    place: Place,
    writesLog: string,
    wanted: { readonly strategy?: "blue-green" | "recreate"; readonly watched?: Watched } = {},
  ): Promise<BenchInstance> {
    const port = await findFreePort();
    const watched = wanted.watched ?? { time: "1s", requests: WATCHED_REQUESTS };
    const strategy =
      wanted.strategy ??
      (settingsSchema.safeParse(settings({ port, remote: "none", writesLog, strategy: "blue-green", watched })).success ? "blue-green" : "recreate");
    const instance = new BenchInstance(place, port, strategy);
    place.onEnd(() => instance.#end());
    mkdirSync(instance.#agent);
    copyAgent(instance.#work);
    await instance.#git(place.folder, "init", "--quiet", "--bare", "--initial-branch=main", instance.#remote);
    await instance.#git(instance.#work, "init", "--quiet", "--initial-branch=main", ".");
    await instance.#publish("1.0.0");
    // What JSON says, YAML says as well.
    const write = (watched: Watched) =>
      writeFileSync(join(instance.#agent, "instar.yaml"), JSON.stringify(settings({ port, remote: instance.#remote, writesLog, strategy, watched })));
    write({ time: "1s", requests: WATCHED_REQUESTS });
    await instance.cli("up");
    await until(
      "the first version to be committed",
      async () => {
        // Without requests nothing is known of a version.
        await Promise.all(Array.from({ length: WATCHED_REQUESTS }, () => servedVersion(port)));
        const [first] = (JSON.parse(await instance.cli("update", "list", "--json")) as { updates: UpdateView[] }).updates;
        if (first?.outcome === "committed") return true;
        if (first === undefined || first.outcome === null) return undefined;
        throw new Error(`the first version ended as ${first.outcome}: ${first.because}`);
      },
      place.signal,
      200,
      60_000,
    );
    // The first version is watched as briefly as can be; what comes after it, as long as was asked.
    if (wanted.watched !== undefined) {
      await instance.cli("down");
      write(watched);
      await instance.cli("up");
      await untilServes(port, "1.0.0", place.signal);
    }
    return instance;
  }

  /** Publishes a version that fails this share of its requests and brings it into service. @returns how its update ended */
  async updateBadly(version: string, share: number): Promise<string> {
    breakAgent(this.#work, share);
    await this.#publish(version);
    // A way back is no success, and the CLI says so by its exit status.
    await this.cli("update", "apply").catch(() => undefined);
    const [newest] = (JSON.parse(await this.cli("update", "list", "--json")) as { updates: UpdateView[] }).updates;
    return newest?.versionTo === version ? (newest.outcome ?? newest.state) : "never begun";
  }

  /** Publishes a version and brings it into service; the span is the exchange's own. */
  async update(version: string): Promise<Span> {
    await this.#publish(version);
    return this.#follow("update", "apply");
  }

  /** Back to the version before. */
  rollback(): Promise<Span> {
    return this.#follow("rollback");
  }

  /** Runs the CLI to its end. */
  cli(...args: string[]): Promise<string> {
    return this.#place.run(this.#cliArgv(args), { environment: this.#environment() });
  }

  /** The process that owns the public port. */
  keeperPid(): number {
    return (JSON.parse(readFileSync(join(this.#data, "keeper", "control.json"), "utf8")) as { pid: number }).pid;
  }

  async #follow(...command: string[]): Promise<Span> {
    const update = JSON.parse(await this.cli(...command, "--json")) as UpdateView;
    const step = update.steps.find(({ id }) => id === "switch");
    if (update.outcome !== "committed" || !step?.startedAt || !step.endedAt)
      throw new Error(`${command.join(" ")} ended as ${update.outcome}: ${update.because}`);
    const beganMs = fromWall(step.startedAt);
    const endedMs = fromWall(step.endedAt);
    const said = /after (\d+) ms/.exec(step.because)?.[1];
    return { beganMs, endedMs, tookMs: said === undefined ? endedMs - beganMs : Number(said) };
  }

  async #publish(version: string): Promise<void> {
    setVersion(this.#work, version);
    await this.#git(this.#work, "add", "--all");
    await this.#git(this.#work, "commit", "--quiet", "--allow-empty", "--message", version);
    await this.#git(this.#work, "push", "--quiet", this.#remote, "main");
  }

  #git(cwd: string, ...args: string[]): Promise<string> {
    return this.#place.run(["git", "-c", "user.name=Bench", "-c", "user.email=bench@example.invalid", ...args], {
      cwd,
      environment: { HOME: this.#place.folder, GIT_CONFIG_NOSYSTEM: "1", GIT_CONFIG_GLOBAL: "/dev/null" },
    });
  }

  #cliArgv(args: readonly string[]): string[] {
    return [process.execPath, "--disable-warning=ExperimentalWarning", MAIN, ...args, "--folder", this.#agent];
  }

  #environment(): Record<string, string> {
    const { folder } = this.#place;
    return { HOME: folder, INSTAR_DATA: join(folder, "data"), INSTAR_OPERATOR_PATH: operatorFolders().join(delimiter), TMPDIR: folder };
  }

  async #end(): Promise<void> {
    if (!existsSync(this.#data)) return;
    const pids = this.#readPids();
    await this.#place.runAtEnd(this.#cliArgv(["down"]), this.#environment());
    for (const pid of pids) await endPid(pid);
  }

  /** Keeper first: it would start the others again. */
  #readPids(): number[] {
    const read = (path: string) => (existsSync(join(this.#data, path)) ? JSON.parse(readFileSync(join(this.#data, path), "utf8")) : undefined);
    const slots = Object.values((read("keeper/state.json")?.slots ?? {}) as Record<string, { process?: { pid: number } | null }>);
    return [read("daemon.json")?.pid, read("keeper/control.json")?.pid, ...slots.map((slot) => slot.process?.pid)].filter((pid) => typeof pid === "number");
  }
}

/** As little as Instar lets one ask: tests that pass at once, a second in which it is watched. */
function settings(of: { port: number; remote: string; writesLog: string; strategy: "blue-green" | "recreate"; watched: Watched }): Record<string, unknown> {
  return {
    version: 1,
    name: NAME,
    source: { git: of.remote, branch: "main", checkEvery: "1h" },
    agent: { start: [process.execPath, "server.js"], path: operatorFolders(), environment: { WRITES_LOG: of.writesLog } },
    tests: { command: ["true"], within: "30s", freeMemory: "1MiB" },
    sandbox: { weaker: "allowed" },
    rehearsal: { gate: "off" },
    health: { http: { path: "/health" }, readyWithin: "60s" },
    state: { kind: "none" },
    front: { port: of.port },
    updates: { automatic: "never" },
    watch: of.watched,
    keep: { reserve: "2MiB" },
    exchange: { strategy: of.strategy },
  };
}

/** Where git is. */
function operatorFolders(): string[] {
  return (process.env.INSTAR_OPERATOR_PATH ?? process.env.PATH ?? "").split(delimiter).filter((folder) => folder !== "" && !folder.includes("node_modules"));
}
