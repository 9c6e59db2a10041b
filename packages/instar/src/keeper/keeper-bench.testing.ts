import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { findFreePort } from "@instar/testkit";
import { expect } from "vitest";
import { systemClock } from "../platform/clock.ts";
import { endProcessTree, readProcessTree } from "../platform/end-process-tree.ts";
import { settingsSchema } from "../settings/settings.ts";
import { KeeperClient } from "./keeper-client.ts";
import type { KeeperReport } from "./keeper-control.ts";
import type { KeeperMainOptions } from "./keeper-main.testing.ts";
import type { SlotSpec } from "./keeper-state.ts";

/**
 * Says its pid to every request and writes it down at every start; on request it starts one that leaves its session and its parents.
 * /events streams numbers until somebody asks for /enough, a POST is answered with how much came, a WebSocket hears what it says.
 */
const AGENT = `
const { appendFileSync } = require("node:fs");
const { createHash } = require("node:crypto");
const { spawn } = require("node:child_process");
appendFileSync(process.env.STARTS, process.pid + "\\n");
if (process.env.HAS_CHILD) spawn("sh", ["-c", "setsid sh -c 'echo \\$\\$ >>\\$STARTS.child; exec sleep 1000' &"], { stdio: "ignore" });
const streams = new Set();
const server = require("node:http").createServer((request, answer) => {
  if (request.url === "/events") {
    let next = 0;
    const timer = setInterval(() => answer.write("data: " + next++ + "\\n\\n"), 10);
    streams.add(answer);
    answer.writeHead(200, { "content-type": "text/event-stream" }).once("close", () => streams.delete(answer) && clearInterval(timer));
  } else if (request.url === "/enough") {
    for (const stream of streams) stream.end();
    answer.end("ended " + streams.size);
  } else if (request.method === "POST") {
    let sizeBytes = 0;
    request.on("data", (chunk) => (sizeBytes += chunk.length)).on("end", () => answer.end(String(sizeBytes)));
  } else answer.end(String(process.pid));
});
server.on("upgrade", (request, socket) => {
  const accept = createHash("sha1").update(request.headers["sec-websocket-key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest("base64");
  socket.write("HTTP/1.1 101 Switching Protocols\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\nSec-WebSocket-Accept: " + accept + "\\r\\n\\r\\n");
  let rest = Buffer.alloc(0);
  socket.on("error", () => {}).on("end", () => socket.end()).on("data", (chunk) => {
    for (rest = Buffer.concat([rest, chunk]); rest.length >= 6 && rest.length >= 6 + (rest[1] & 127); rest = rest.subarray(6 + (rest[1] & 127))) {
      const size = rest[1] & 127;
      const text = rest.subarray(6, 6 + size).map((byte, at) => byte ^ rest[2 + (at % 4)]);
      socket.write(Buffer.concat([Buffer.from([rest[0], size]), text]));
      if ((rest[0] & 15) === 8) socket.end();
    }
  });
});
if (process.env.PORT) server.listen(Number(process.env.PORT), "127.0.0.1");
else setInterval(() => {}, 1000);
`;
/** A daemon that decides nothing: it writes its pid down and sleeps. */
const DAEMON = 'echo $$ >>"$STARTS"; exec sleep 1000';
const MARKER = "INSTAR_KEEPER_BENCH";

export interface RunningKeeper {
  readonly pid: number;
  readonly output: () => string;
  /** SIGKILL; resolves once it is gone. */
  kill(): Promise<void>;
  /** SIGTERM; gives the exit status. */
  end(): Promise<number | null>;
  readonly exited: Promise<number | null>;
}

/** Real keepers on a folder of their own, with a small agent and a stand-in for the daemon. `close` ends whatever lives. */
export class KeeperBench {
  readonly folder = mkdtempSync(join(tmpdir(), "instar-keeper-"));
  readonly client = new KeeperClient(this.folder);
  readonly #children: ChildProcess[] = [];
  /** Where people ask, and where the agent listens: found anew for each bench, so that benches side by side do not meet. */
  #port = 0;
  #agentPort = 0;

  static async open(): Promise<KeeperBench> {
    const bench = new KeeperBench();
    mkdirSync(join(bench.folder, "logs"));
    bench.#port = await findFreePort();
    bench.#agentPort = await findFreePort();
    return bench;
  }

  async close(): Promise<void> {
    for (const child of this.#children) if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
    await endProcessTree({ marker: { name: MARKER, value: this.folder }, graceMs: 0, signal: "SIGKILL", clock: systemClock });
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Where people ask. */
  get port(): number {
    return this.#port;
  }

  /** Starts a keeper and waits until its door answers. */
  async start(parts: Partial<KeeperMainOptions> = {}): Promise<RunningKeeper> {
    const keeper = this.spawn(parts);
    await expect.poll(async () => (await this.client.state().catch(() => undefined))?.pid, { timeout: 40_000, message: keeper.output() }).toBe(keeper.pid);
    return keeper;
  }

  /** Starts a keeper that may not live long enough to answer. */
  spawn(parts: Partial<KeeperMainOptions> = {}): RunningKeeper {
    const options: KeeperMainOptions = {
      folder: this.folder,
      front: { host: "127.0.0.1", port: this.#port, hold: { requests: 100, bytes: 1_000_000, timeMs: 30_000 } },
      daemon: {
        argv: ["/bin/sh", "-c", DAEMON],
        cwd: this.folder,
        environment: { PATH: "/usr/bin:/bin", STARTS: this.#startsOf("daemon"), [MARKER]: this.folder },
      },
      drainMs: 30_000,
      sockets: { group: 20, withinMs: 500 },
      isManaged: false,
      ...parts,
    };
    const child = spawn(
      process.execPath,
      ["--disable-warning=ExperimentalWarning", fileURLToPath(new URL("./keeper-main.testing.ts", import.meta.url)), JSON.stringify(options)],
      {
        stdio: ["ignore", "pipe", "pipe"],
        env: { PATH: "/usr/bin:/bin", [MARKER]: this.folder },
      },
    );
    this.#children.push(child);
    const chunks: string[] = [];
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text: string) => chunks.push(text));
    const exited = once(child, "exit").then(([status]) => status as number | null);
    return {
      pid: child.pid ?? 0,
      output: () => chunks.join(""),
      exited,
      kill: async () => {
        child.kill("SIGKILL");
        await exited;
      },
      end: async () => {
        child.kill("SIGTERM");
        return exited;
      },
    };
  }

  spec(release: string, parts: { readonly hasChild?: boolean; readonly port?: "none" | "given" } = {}): SlotSpec {
    const program = join(this.folder, "agent.cjs");
    writeFileSync(program, AGENT);
    const { agent, state } = settingsSchema.parse({
      version: 1,
      name: "demo",
      source: { git: "." },
      agent: {
        start: [process.execPath, program],
        stopWithin: "2s",
        port: parts.port ?? this.#agentPort,
        environment: { STARTS: this.#startsOf("agent"), [MARKER]: this.folder, ...(parts.hasChild ? { HAS_CHILD: "yes" } : {}) },
      },
    });
    const logPath = join(this.folder, "logs", `agent-${release}.log`);
    return {
      release,
      version: "1.0.0",
      settings: { agent, state },
      cwd: this.folder,
      releaseFolder: this.folder,
      stateDirectory: null,
      environmentFile: null,
      inherited: {},
      prefix: [],
      logPath,
    };
  }

  /** The pids that began, in order. */
  starts(who: "agent" | "agent.child" | "daemon"): number[] {
    try {
      return readFileSync(this.#startsOf(who), "utf8").trim().split("\n").map(Number);
    } catch {
      return [];
    }
  }

  /** Starts a release in blue, routes to it, and waits until it answers; gives its pid. */
  async serve(release: string, parts: { readonly hasChild?: boolean } = {}, epoch = 1): Promise<number> {
    await this.client.command({ do: "start", epoch, slot: "blue", spec: this.spec(release, parts) });
    await this.client.command({ do: "route", epoch, slot: "blue" });
    return this.answering();
  }

  /** Asks the front until somebody answers well: who did. */
  async answering(): Promise<number> {
    let pid = Number.NaN;
    const look = async () => {
      pid = Number((await this.ask().catch(() => undefined))?.body);
      return pid;
    };
    await expect.poll(look, { timeout: 40_000 }).toBeGreaterThan(0);
    return pid;
  }

  /** One request through the front, on a connection of its own. */
  ask(path = "/"): Promise<{ status: number; body: string }> {
    return new Promise((resolve, reject) => {
      const call = request({ host: "127.0.0.1", port: this.#port, path, agent: false }, (response) => {
        let body = "";
        response.setEncoding("utf8").on("data", (text: string) => {
          body += text;
        });
        response.on("error", reject);
        response.on("end", () => (response.statusCode === 200 ? resolve({ status: 200, body }) : reject(new Error(`${response.statusCode}`))));
      });
      call.on("error", reject);
      call.end();
    });
  }

  /** Waits until the keeper's report is as wanted. */
  async until(isSo: (report: KeeperReport) => boolean): Promise<KeeperReport> {
    let last: KeeperReport | undefined;
    const look = async () => {
      last = await this.client.state().catch(() => undefined);
      return last !== undefined && isSo(last);
    };
    await expect.poll(look, { timeout: 40_000 }).toBe(true);
    return last as KeeperReport;
  }

  /** Living processes of the agent in blue, by the mark that the keeper gives them. */
  async agentPids(release: string): Promise<number[]> {
    const tree = await readProcessTree({ marker: { name: "INSTAR_SLOT_RUN", value: `blue:${release}:${this.spec(release).logPath}` } });
    return tree.map((row) => row.pid);
  }

  #startsOf(who: string): string {
    return join(this.folder, who === "agent.child" ? "agent-starts.child" : `${who}-starts`);
  }
}

export async function isGone(pid: number): Promise<void> {
  await expect.poll(async () => (await readProcessTree({ pid })).some((row) => row.pid === pid), { timeout: 40_000 }).toBe(false);
}
