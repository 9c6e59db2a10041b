import { createHmac, randomUUID } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { OutputOf } from "@instar/protocol";
import { findFreePort } from "@instar/testkit";
import { fromWall, nowMs, until } from "../bench-clock.ts";
import { endPid, type Place } from "../place.ts";

const MAIN = fileURLToPath(new URL("../../packages/instar/src/main.ts", import.meta.url));
const EXAMPLE = fileURLToPath(new URL("../../examples/http-agent/", import.meta.url));
const SECRET = "a secret that both sides know";
const NAME = "detect";
export const QUIET_MS = 200;
export const POLL_MS = 1_000;

/** A real instance that sees changes and lets none proceed: what is measured is how soon each is noticed, decided and written down. */
export class DetectInstance {
  readonly #place: Place;
  readonly #work: string;
  readonly #folder: string;
  readonly #agent: string;
  readonly #data: string;
  readonly #hookPort: number;
  #version = 0;

  private constructor(place: Place, hookPort: number) {
    this.#place = place;
    this.#work = join(place.folder, "work");
    this.#folder = join(place.folder, "watched");
    this.#agent = join(place.folder, "agent");
    this.#data = join(place.folder, "data", NAME);
    this.#hookPort = hookPort;
  }

  /** @param polled whether git is asked every second; else only when a webhook says so */
  static async start(place: Place, polled: boolean): Promise<DetectInstance> {
    const instance = new DetectInstance(place, await findFreePort());
    place.onEnd(() => instance.#end());
    await instance.#prepare(polled ? `${POLL_MS}ms` : "1h");
    return instance;
  }

  /** A push, noticed by the next poll. Ms from the push to the event. */
  async polled(): Promise<number> {
    const version = await this.#commit();
    const fromMs = nowMs();
    await this.#push();
    return (await this.#seen(version)) - fromMs;
  }

  /** A push of before, told by a webhook. Ms from the request to its event, and until upstream was read and decided about. */
  async told(): Promise<{ event: number; read: number }> {
    const version = await this.#commit();
    await this.#push();
    const commit = (await this.#git(this.#work, "rev-parse", "HEAD")).trim();
    const body = JSON.stringify({
      ref: "refs/heads/main",
      after: commit,
      head_commit: { id: commit },
      repository: { full_name: "ada/agent" },
    });
    const headers = {
      "content-type": "application/json",
      "x-github-event": "push",
      "x-github-delivery": randomUUID(),
      "x-hub-signature-256": `sha256=${createHmac("sha256", SECRET).update(body).digest("hex")}`,
    };
    const fromMs = nowMs();
    const answer = await fetch(`http://127.0.0.1:${this.#hookPort}/webhooks/github`, { method: "POST", body, headers });
    if (answer.status !== 202) throw new Error(`the webhook was answered with ${answer.status}`);
    await answer.text();
    const readMs = await this.#read(version);
    return { event: (await this.#seen(version)) - fromMs, read: readMs - fromMs };
  }

  /** A file of the watched folder is written. Ms from the write to the event, the quiet period included. */
  async written(): Promise<number> {
    const version = this.#nextVersion();
    const path = join(this.#folder, "package.json");
    const text = withVersion(readFileSync(path, "utf8"), version);
    const fromMs = nowMs();
    writeFileSync(path, text);
    return (await this.#seen(version)) - fromMs;
  }

  #nextVersion(): string {
    this.#version += 1;
    return `1.0.${this.#version}`;
  }

  async #commit(): Promise<string> {
    const version = this.#nextVersion();
    const path = join(this.#work, "package.json");
    writeFileSync(path, withVersion(readFileSync(path, "utf8"), version));
    await this.#git(this.#work, "commit", "--quiet", "--all", "--message", version);
    return version;
  }

  async #push(): Promise<void> {
    await this.#git(this.#work, "push", "--quiet", join(this.#place.folder, "upstream.git"), "main");
  }

  /** When upstream had been read as having a version, on the bench's clock. */
  #read(version: string): Promise<number> {
    return until(`version ${version} to be read`, async () => {
      const { sources } = await this.#ask<OutputOf<"source.list">>("/v1/source/list");
      const git = sources.find(({ id }) => id === "git");
      return git?.found?.version === version && git.lookedAt !== null ? fromWall(git.lookedAt) : undefined;
    });
  }

  /** When the event of a version was written down, on the bench's clock. */
  #seen(version: string): Promise<number> {
    return until(`version ${version} to be seen`, async () => {
      const { events } = await this.#ask<OutputOf<"source.events">>("/v1/source/events?limit=3");
      const event = events.find(({ targetVersion }) => targetVersion === version);
      return event === undefined ? undefined : fromWall(event.timestamp);
    });
  }

  async #ask<T>(path: string): Promise<T> {
    const door = JSON.parse(readFileSync(join(this.#data, "daemon.json"), "utf8")) as { port: number; token: string };
    const answer = await fetch(`http://127.0.0.1:${door.port}${path}`, { headers: { authorization: `Bearer ${door.token}` } });
    return (await answer.json()) as T;
  }

  async #prepare(checkEvery: string): Promise<void> {
    const remote = join(this.#place.folder, "upstream.git");
    for (const path of [this.#work, this.#folder]) cpSync(EXAMPLE, path, { recursive: true });
    mkdirSync(this.#agent);
    await this.#git(this.#place.folder, "init", "--quiet", "--bare", "--initial-branch=main", remote);
    await this.#git(this.#work, "init", "--quiet", "--initial-branch=main", ".");
    await this.#git(this.#work, "add", "--all");
    await this.#git(this.#work, "commit", "--quiet", "--message", "1.0.0");
    await this.#push();
    writeFileSync(join(this.#agent, "secret"), SECRET);
    const source = {
      git: remote,
      checkEvery,
      files: { folder: this.#folder, quiet: `${QUIET_MS}ms` },
      webhooks: { port: this.#hookPort, github: { secretFile: "./secret", repositories: ["ada/agent"] } },
    };
    // What JSON says, YAML says as well.
    const settings = {
      version: 1,
      name: NAME,
      source,
      agent: { start: ["node", "server.js"] },
      tests: { command: ["node", "--test"] },
      sandbox: { weaker: "allowed" },
      rehearsal: { gate: "off" },
      analysis: { checks: { types: "off", style: "off" } },
      health: { http: { path: "/health" } },
      state: { kind: "exclusive", directory: "./state", variable: "STATE_DIR" },
      front: { port: await findFreePort() },
      watch: { time: "1s", requests: 0 },
      updates: { automatic: "never" },
    };
    writeFileSync(join(this.#agent, "instar.yaml"), JSON.stringify(settings));
    await this.#cli("up");
    await until("the first version to be committed", async () => {
      const { updates } = await this.#ask<OutputOf<"update.list">>("/v1/update/list").catch(() => ({ updates: [] }));
      return updates[0]?.outcome === "committed" ? true : undefined;
    });
  }

  #cli(command: string): Promise<string> {
    return this.#place.run([process.execPath, "--disable-warning=ExperimentalWarning", MAIN, command, "--folder", this.#agent], {
      environment: this.#environment(),
    });
  }

  #environment() {
    return { HOME: this.#place.folder, INSTAR_DATA: join(this.#place.folder, "data") };
  }

  async #end(): Promise<void> {
    const argv = [process.execPath, "--disable-warning=ExperimentalWarning", MAIN, "down", "--folder", this.#agent];
    await this.#place.runAtEnd(argv, this.#environment());
    const door = join(this.#data, "daemon.json");
    if (existsSync(door)) await endPid((JSON.parse(readFileSync(door, "utf8")) as { pid: number }).pid);
  }

  #git(cwd: string, ...args: string[]): Promise<string> {
    return this.#place.run(["git", "-c", "user.name=Bench", "-c", "user.email=bench@example.invalid", ...args], { cwd });
  }
}

const withVersion = (text: string, version: string) => text.replace(/"version": "[^"]+"/, `"version": "${version}"`);
