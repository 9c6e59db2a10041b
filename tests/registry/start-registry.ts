import { type ChildProcess, execFileSync, fork } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { findFreePort } from "@instar/testkit";

const FOLDER = fileURLToPath(new URL(".", import.meta.url));

export interface PublishedVersion {
  readonly name: string;
  readonly version: string;
  /** The archive, with a `package/package.json` in it. */
  readonly tarball: Buffer;
  /** Default: latest. */
  readonly tag?: string;
  /** More of the manifest: engines, deprecated, optionalDependencies. */
  readonly manifest?: Readonly<Record<string, unknown>>;
  /** More of `dist`, or other values of it. */
  readonly dist?: Readonly<Record<string, unknown>>;
}

export interface TestRegistry {
  /** Without a slash at its end. */
  readonly url: string;
  /** Of the user who publishes. */
  readonly token: string;
  addUser(name: string): Promise<string>;
  publish(version: PublishedVersion): Promise<void>;
  stop(): Promise<void>;
}

/** A real registry on a port of this machine, with no other behind it. Packages of `@private` are shown to users only. */
export async function startRegistry(): Promise<TestRegistry> {
  installVerdaccio();
  const folder = mkdtempSync(join(tmpdir(), "instar-registry-"));
  writeFileSync(join(folder, "config.yaml"), CONFIG);
  const port = await findFreePort();
  const child = fork(
    join(FOLDER, "node_modules", "verdaccio", "bin", "verdaccio"),
    ["--config", join(folder, "config.yaml"), "--listen", `127.0.0.1:${port}`],
    {
      cwd: folder,
      env: { PATH: process.env.PATH ?? "", HOME: folder },
      stdio: ["ignore", "pipe", "pipe", "ipc"],
    },
  );
  const said = listen(child);
  const url = `http://127.0.0.1:${port}`;
  const stop = async (): Promise<void> => {
    const ended = once(child, "exit");
    if (child.exitCode === null && child.signalCode === null && child.kill("SIGKILL")) await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await Promise.race([
      once(child, "message"),
      once(child, "exit").then(() => {
        throw new Error(`verdaccio ended at its start: ${said()}`);
      }),
    ]);
    const token = await addUser(url, "publisher");
    return { url, token, stop, addUser: (name) => addUser(url, name), publish: (version) => publish(url, token, version) };
  } catch (error) {
    await stop();
    throw error;
  }
}

const CONFIG = `
storage: ./storage
auth: { htpasswd: { file: ./htpasswd } }
uplinks: {}
packages:
  '@private/*': { access: $authenticated, publish: $authenticated }
  '**': { access: $all, publish: $authenticated }
max_body_size: 50mb
log: { type: stdout, format: pretty, level: error }
`;

/** Kept apart from the project's own packages; brought once, from its own lockfile, and none of their scripts runs. */
function installVerdaccio(): void {
  const lock = createHash("sha256")
    .update(readFileSync(join(FOLDER, "package-lock.json")))
    .digest("hex");
  const mark = join(FOLDER, "node_modules", ".tests-installed");
  if (existsSync(mark) && readFileSync(mark, "utf8") === lock) return;
  // Not the npm that may have started us, which would install into its folder.
  const environment = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(npm_(package|lifecycle|config_(local_)?prefix)|INIT_CWD$)/.test(name)),
  );
  execFileSync("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], { cwd: FOLDER, env: environment, stdio: "pipe" });
  writeFileSync(mark, lock);
}

function listen(child: ChildProcess): () => string {
  let text = "";
  for (const stream of [child.stdout, child.stderr])
    stream?.on("data", (chunk) => {
      text = `${text}${chunk}`.slice(-4_000);
    });
  return () => text;
}

async function addUser(url: string, name: string): Promise<string> {
  const answer = await put(`${url}/-/user/org.couchdb.user:${name}`, { name, password: `${name}-password` });
  return (answer as { token: string }).token;
}

async function publish(url: string, token: string, { name, version, tarball, tag = "latest", manifest, dist }: PublishedVersion): Promise<void> {
  const file = `${name}-${version}.tgz`;
  const integrity = `sha512-${createHash("sha512").update(tarball).digest("base64")}`;
  const shasum = createHash("sha1").update(tarball).digest("hex");
  await put(
    `${url}/${name.replace("/", "%2f")}`,
    {
      _id: name,
      name,
      "dist-tags": { [tag]: version },
      versions: { [version]: { name, version, ...manifest, dist: { integrity, shasum, tarball: `${url}/${name}/-/${file}`, ...dist } } },
      _attachments: { [file]: { content_type: "application/octet-stream", data: tarball.toString("base64"), length: tarball.length } },
    },
    token,
  );
}

async function put(address: string, body: unknown, token?: string): Promise<unknown> {
  const response = await fetch(address, {
    method: "PUT",
    body: JSON.stringify(body),
    headers: { "content-type": "application/json", ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) },
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`the registry answers ${response.status}: ${text}`);
  return JSON.parse(text);
}
