import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Where this machine has PostgreSQL's own programs; undefined where it has none. Debian keeps the server's off the PATH. */
export function findPostgres(): string | undefined {
  const root = "/usr/lib/postgresql";
  const versions = existsSync(root) ? readdirSync(root).toSorted((a, b) => Number(b) - Number(a)) : [];
  return [...versions.map((version) => join(root, version, "bin")), ...(process.env.PATH ?? "").split(":")].find((folder) =>
    existsSync(join(folder, "initdb")),
  );
}

/** The server refuses to run as root. */
const NOBODY = 65_534;
export const PASSWORD = "s3cret/with:signs";

/** A server of its own, on a socket in a folder of its own, for a test. */
export class TestPostgres {
  readonly bin: string;
  readonly folder = mkdtempSync(join(tmpdir(), "instar-pg-"));
  readonly url: string;
  #server: ChildProcess | undefined;

  constructor(bin: string) {
    this.bin = bin;
    this.url = `postgresql://me:${encodeURIComponent(PASSWORD)}@/postgres?host=${this.folder}`;
    if (process.getuid?.() === 0) chownSync(this.folder, NOBODY, NOBODY);
    chmodSync(this.folder, 0o711);
    writeFileSync(join(this.folder, "password"), PASSWORD, { mode: 0o644 });
    const options = ["--no-sync", "--username=me", "--auth=scram-sha-256", `--pwfile=${join(this.folder, "password")}`, "--locale=C", "--encoding=UTF8"];
    execFileSync(join(bin, "initdb"), ["--pgdata", join(this.folder, "data"), ...options], { stdio: "pipe", ...this.#who() });
  }

  async start(): Promise<void> {
    const settings = ["fsync=off", "listen_addresses=", "max_connections=10", "shared_buffers=1MB"].flatMap((each) => ["-c", each]);
    this.#server = spawn(join(this.bin, "postgres"), ["-D", join(this.folder, "data"), "-k", this.folder, ...settings], {
      stdio: ["ignore", "ignore", "pipe"],
      ...this.#who(),
    });
    let said = "";
    for await (const chunk of this.#server.stderr ?? []) {
      said += String(chunk);
      if (said.includes("ready to accept connections")) break;
    }
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined || server.exitCode !== null) return;
    const ended = once(server, "exit");
    server.kill("SIGQUIT");
    await ended;
  }

  /** Asks as psql does, and gives what it prints. */
  ask(sql: string): string {
    return execFileSync(join(this.bin, "psql"), ["--no-psqlrc", "--tuples-only", "--no-align", "--quiet", `--dbname=${this.url}`, "--command", sql], {
      encoding: "utf8",
      env: { ...process.env, PGOPTIONS: "-c client_min_messages=warning" },
    }).trim();
  }

  async end(): Promise<void> {
    await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  #who(): { uid?: number; gid?: number; cwd: string; env: Record<string, string> } {
    mkdirSync(join(this.folder, "home"), { recursive: true });
    const who = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
    return { ...who, cwd: "/", env: { PATH: "/usr/bin:/bin", HOME: join(this.folder, "home"), LC_ALL: "C" } };
  }
}
