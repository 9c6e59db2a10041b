import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { InstarError, OPERATIONS, type Operation, type OperationName, type OutputOf, type UpdateView } from "@instar/protocol";
import { readDaemonDoor } from "../daemon/read-daemon-door.ts";
import { callDaemon } from "../faces/cli/connect.ts";
import { startInstance, stopInstance } from "../faces/cli/start-instance.ts";
import type { Clock } from "../platform/clock.ts";
import { removeTree, writeFileDurably } from "../platform/durable-files.ts";
import { isPortFree } from "../platform/is-port-free.ts";
import { readSettings } from "../settings/read-settings.ts";
import { renderSettingsFile } from "../settings/render-settings-file.ts";
import type { SettingsFile } from "../settings/settings.ts";
import { createDisplay, type Display } from "./display.ts";
import { driveTraffic, type Traffic } from "./drive-traffic.ts";
import { STORY, type StoryVersion, Upstream } from "./make-upstream.ts";
import { type DemoSummary, renderSummary, summarise } from "./summarise.ts";

export interface DemoOptions {
  readonly headless: boolean;
  readonly json: boolean;
  readonly selfArgv: readonly string[];
  readonly environmentIn: (folder: string) => Readonly<Record<string, string>>;
  readonly operatorPath: string;
  readonly clock: Clock;
}

/** A request every so often: a little over sixty a second, enough for a verdict within seconds. */
const REQUEST_EVERY_MS = 15;
const POLL_MS = 40;
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
/** No update of the demo takes this long on any machine; a demo that hangs is worse than one that fails. */
const UPDATE_WITHIN_MS = 180_000;

/** The main job on real parts. @returns the exit status: 0 only if everything was as it should be */
export async function runDemo(options: DemoOptions): Promise<number> {
  const place = await mkdtemp(join(tmpdir(), "instar-demo-"));
  const display = createDisplay(!options.headless && !options.json && process.stdout.isTTY === true, options.json);
  const demo = new Demo(place, options, display);
  const interrupted = new AbortController();
  const interrupt = () => interrupted.abort(new InstarError("CANCELLED", "the demo was interrupted"));
  // Ctrl-C reaches the whole process group and is passed on by who started us: it comes more than once.
  for (const name of SIGNALS) process.on(name, interrupt);
  try {
    const summary = await demo.play(interrupted.signal);
    if (options.json) process.stdout.write(`${JSON.stringify(summary, null, 2)}\n`);
    else display.say(`\n${renderSummary(summary)}`);
    if (!options.headless && !options.json && process.stdin.isTTY === true) await demo.stayUp(interrupted.signal);
    return summary.problems.length === 0 ? 0 : 1;
  } finally {
    await demo.end();
    await removeTree(place);
    for (const name of SIGNALS) process.off(name, interrupt);
  }
}

class Demo {
  readonly #place: string;
  readonly #options: DemoOptions;
  readonly #display: Display;
  readonly #environment: Record<string, string>;
  readonly #folder: string;
  readonly #agentFolder: string;
  #killedDuring: string | null = null;
  #port = 0;

  constructor(place: string, options: DemoOptions, display: Display) {
    this.#place = place;
    this.#options = options;
    this.#display = display;
    this.#folder = join(place, "data", "demo");
    this.#environment = { ...options.environmentIn(this.#folder), INSTAR_DATA: join(place, "data"), INSTAR_OPERATOR_PATH: options.operatorPath };
    this.#agentFolder = join(place, "agent");
  }

  async play(signal: AbortSignal): Promise<DemoSummary> {
    const { clock, operatorPath } = this.#options;
    this.#display.say("Making a git remote with the example agent, and putting it under Instar");
    const upstream = await Upstream.create(this.#place, exampleFolder(), operatorPath);
    this.#port = await freePort();
    await mkdir(this.#agentFolder, { recursive: true });
    await writeFileDurably(
      join(this.#agentFolder, "instar.yaml"),
      renderSettingsFile(this.#settings(upstream.remote), { schema: "instar.schema.json" }),
      0o644,
    );
    const read = await readSettings(this.#agentFolder);
    await startInstance({
      read,
      folder: this.#folder,
      keeperArgv: [...this.#options.selfArgv, "keeper", "--folder", this.#agentFolder],
      environment: this.#environment,
      clock,
    });
    let traffic: Traffic | undefined;
    try {
      await this.#story("1.0.0 is put in place", "1.0.0", signal, async (update) => {
        // People come once the first version serves; it is watched by what happens to them.
        if (stateOf(update, "confirm") === "done") traffic ??= driveTraffic(this.#port, REQUEST_EVERY_MS, clock);
      });
      for (const version of Object.keys(STORY) as StoryVersion[]) {
        await upstream.publish(version);
        await this.#story(`Upstream publishes ${version}: ${STORY[version]}`, version, signal, async (update) => {
          // Old and new are being exchanged: the moment at which a death would hurt most.
          if (version === "1.0.4" && this.#killedDuring === null && stateOf(update, "switch") === "running") await this.#killDaemon(update);
        });
      }
      await clock.sleep(500, signal);
    } finally {
      await traffic?.stop();
    }
    return summarise({
      log: traffic?.log ?? [],
      written: await readWritten(join(this.#agentFolder, "data", "writes.log")),
      updates: (await this.#ask("update.list", {})).updates.toReversed(),
      ledger: await this.#ask("audit.verify", {}).then(
        ({ length }) => ({ verified: true, length }),
        () => ({ verified: false, length: 0 }),
      ),
      runs: (await this.#ask("status", {})).agent.version,
      daemonWasKilledDuring: this.#killedDuring,
    });
  }

  #settings(remote: string): SettingsFile {
    return {
      version: 1,
      name: "demo",
      source: { git: remote, branch: "main", checkEvery: "1s" },
      agent: { start: ["node", "server.js"], path: this.#options.operatorPath.split(":").filter((folder) => folder !== "") },
      tests: { command: ["node", "--test"], within: "60s" },
      // The demo must show what it can on a machine without a sandbox too; each update says which one it had.
      sandbox: { weaker: "allowed" },
      health: { http: { path: "/health" }, readyWithin: "20s" },
      state: { kind: "exclusive", directory: "./data", variable: "STATE_DIR" },
      front: { port: this.#port },
      updates: { automatic: "patch" },
      watch: { time: "4s", requests: 100, errorShare: 0.1 },
      keep: { reserve: "8MiB" },
    };
  }

  /** Shows one update live until it has ended. */
  async #story(title: string, version: string, signal: AbortSignal, seen: (update: UpdateView) => Promise<void>): Promise<void> {
    const { clock } = this.#options;
    await this.#display.story(title, async (show) => {
      const untilMs = clock.monotonicMs() + UPDATE_WITHIN_MS;
      while (clock.monotonicMs() < untilMs) {
        signal.throwIfAborted();
        const update = await this.#find(version);
        if (update !== undefined) {
          show(update);
          await seen(update);
          if (update.outcome !== null) return update;
          if (update.state === "error") throw new InstarError("ROLLBACK_FAILED", `the update to ${version} is stuck: ${update.because}`);
        }
        await clock.sleep(POLL_MS, signal);
      }
      throw new InstarError("TIMED_OUT", `the update to ${version} did not end`);
    });
  }

  async #find(version: string): Promise<UpdateView | undefined> {
    try {
      return (await this.#ask("update.list", {})).updates.find((update) => update.versionTo === version);
    } catch (error) {
      if (InstarError.is(error, "NOT_RUNNING")) return undefined;
      throw error;
    }
  }

  async #killDaemon(update: UpdateView): Promise<void> {
    const door = await readDaemonDoor(this.#folder);
    if (door === undefined) return;
    process.kill(door.pid, "SIGKILL");
    this.#killedDuring = update.steps.find((step) => step.state === "running")?.title ?? update.state;
    this.#display.note(`the daemon (pid ${door.pid}) was killed with SIGKILL during '${this.#killedDuring}'`);
  }

  async #ask<Name extends OperationName>(name: Name, input: Record<string, unknown>): Promise<OutputOf<Name>> {
    const operation = (OPERATIONS as readonly Operation[]).find((candidate) => candidate.name === name);
    if (operation === undefined) throw new Error(`the table has no ${name}`);
    const { clock } = this.#options;
    for (let look = 0; ; look += 1) {
      const door = await readDaemonDoor(this.#folder);
      try {
        if (door === undefined) throw new InstarError("NOT_RUNNING", "the daemon is away");
        return (await callDaemon(door, operation, input)) as OutputOf<Name>;
      } catch (error) {
        if (!InstarError.is(error, "NOT_RUNNING") || look > 100) throw error;
        await clock.sleep(POLL_MS);
      }
    }
  }

  async stayUp(signal: AbortSignal): Promise<void> {
    this.#display.say(
      [
        "",
        `The agent is still served on http://127.0.0.1:${this.#port}/ and watched. In another terminal try:`,
        `  cd ${this.#agentFolder}`,
        `  export INSTAR_DATA=${join(this.#place, "data")}`,
        ...["status", "history", "update list", "audit verify", "doctor", "rollback"].map(
          (command) => `  ${this.#options.selfArgv.slice(0, 1)} ${this.#options.selfArgv.at(-1)} ${command}`,
        ),
        "Ctrl-C ends the demo and removes everything that it made.",
      ].join("\n"),
    );
    while (!signal.aborted) await this.#options.clock.sleep(60_000, signal).catch(() => undefined);
  }

  async end(): Promise<void> {
    await stopInstance(this.#folder, false, this.#options.clock).catch(() => false);
  }
}

function stateOf(update: UpdateView, step: string): UpdateView["steps"][number]["state"] | undefined {
  return update.steps.find((candidate) => candidate.id === step)?.state;
}

async function readWritten(path: string): Promise<Set<number>> {
  const text = await readFile(path, "utf8").catch(() => "");
  return new Set(text.split("\n").flatMap((line) => (line === "" ? [] : [Number.parseInt(line, 10)])));
}

async function freePort(): Promise<number> {
  for (let port = 7_100; port < 7_900; port += 1) if (await isPortFree(port)) return port;
  throw new InstarError("PORT_IN_USE", "no port between 7100 and 7900 is free");
}

/** Beside the program in a package, beside the sources in a checkout. */
function exampleFolder(): string {
  const places = ["../examples/http-agent", "../../../../examples/http-agent"].map((path) => fileURLToPath(new URL(path, import.meta.url)));
  const found = places.find((path) => existsSync(path));
  if (found === undefined) throw new InstarError("NOT_FOUND", "the example agent is missing from this installation");
  return found;
}
