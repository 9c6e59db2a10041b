import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { networkInterfaces, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Confinement } from "../../packages/instar/src/sandbox/sandbox.ts";

/** What an attempt may reach, and what it must not: decoys that hold a secret, listeners that count who comes, and a process. */
export interface EscapeWorld {
  readonly secret: string;
  /** Of everything; the sandboxed program is given `candidate` to read, and `scratch` and `candidate/dist` to write. */
  readonly folder: string;
  readonly outside: string;
  readonly candidate: string;
  readonly scratch: string;
  /** In the machine's shared memory. */
  readonly sharedMemory: string;
  readonly tcpPort: number;
  readonly tcp6Port: number | undefined;
  readonly udpPort: number;
  readonly unixPath: string;
  readonly givenUnixPath: string;
  readonly abstractName: string;
  readonly ownAddress: string | undefined;
  /** How often anybody came to any listener. */
  readonly countHits: () => number;
  /** A Node program with the secret in its environment and its memory; a new one after each that ended. */
  readonly decoy: () => Promise<ChildProcess & { pid: number }>;
  readonly lastDecoy: () => ChildProcess | undefined;
  /** What it wrote to stderr. */
  readonly decoySaid: () => string;
  readonly confinement: Confinement;
  readonly environment: Readonly<Record<string, string>>;
  readonly close: () => Promise<void>;
}

const DECOY = "const held = Buffer.from(process.env.SECRET); console.log('ready'); setInterval(() => held.length, 1000)";

export async function createEscapeWorld(): Promise<EscapeWorld> {
  const secret = randomUUID();
  const folder = await mkdtemp(join(tmpdir(), "instar-escape-"));
  const [outside, candidate, scratch] = [join(folder, "outside"), join(folder, "candidate"), join(folder, "scratch")];
  const sharedMemory = join("/dev/shm", `instar-escape-${randomUUID()}`);
  await prepareFiles({ secret, outside, candidate, scratch, sharedMemory });

  let hits = 0;
  const hit = () => {
    hits += 1;
  };
  const servers: Server[] = [];
  const listen = async (where: Parameters<Server["listen"]>[0]): Promise<Server> => {
    const server = createServer((socket) => {
      hit();
      socket.destroy();
    });
    servers.push(server);
    server.listen(where);
    await once(server, "listening");
    return server;
  };
  const everywhere = await listen({ host: "0.0.0.0", port: 0 });
  const v6 = await listen({ host: "::1", port: 0 }).catch(() => undefined);
  const [unixPath, givenUnixPath, abstractName] = [join(outside, "socket"), join(candidate, "socket"), `instar-escape-${randomUUID()}`];
  await listen({ path: unixPath });
  await listen({ path: givenUnixPath });
  await listen({ path: `\0${abstractName}` });
  const udp = createSocket("udp4").on("message", hit);
  udp.bind(0, "127.0.0.1");
  await once(udp, "listening");

  let decoy: ChildProcess | undefined;
  let said = "";
  const startDecoy = async () => {
    if (decoy === undefined || decoy.exitCode !== null || decoy.signalCode !== null) {
      decoy = spawn(process.execPath, ["-e", DECOY, "--", secret], { env: { SECRET: secret }, stdio: ["ignore", "pipe", "pipe"] });
      decoy.stderr?.on("data", (chunk) => {
        said += String(chunk);
      });
      await once(decoy.stdout as NodeJS.ReadableStream, "data");
    }
    if (decoy.pid === undefined) throw new Error("the decoy did not start");
    return decoy as ChildProcess & { pid: number };
  };
  const ownAddress = Object.values(networkInterfaces())
    .flat()
    .find((address) => address !== undefined && !address.internal && address.family === "IPv4")?.address;
  return {
    ...{ secret, folder, outside, candidate, scratch, sharedMemory, unixPath, givenUnixPath, abstractName, ownAddress },
    tcpPort: portOf(everywhere),
    tcp6Port: v6 === undefined ? undefined : portOf(v6),
    udpPort: udp.address().port,
    countHits: () => hits,
    decoy: startDecoy,
    lastDecoy: () => decoy,
    decoySaid: () => said,
    environment: { PATH: `${dirname(process.execPath)}:/usr/bin:/bin`, HOME: scratch },
    confinement: {
      use: "test",
      readable: [process.execPath, candidate],
      writable: [join(candidate, "dist")],
      scratch,
      network: { kind: "private" },
      limits: { memoryBytes: 1_073_741_824, processes: 128, descriptors: 256, diskBytes: 33_554_432 },
    },
    close: async () => {
      decoy?.kill("SIGKILL");
      for (const server of servers) server.close();
      udp.close();
      await Promise.all([folder, sharedMemory, `${sharedMemory}-left`].map((path) => rm(path, { recursive: true, force: true })));
    },
  };
}

/** A candidate as a stranger would publish it: with links that lead out of it. */
async function prepareFiles(places: { secret: string; outside: string; candidate: string; scratch: string; sharedMemory: string }): Promise<void> {
  const { secret, outside, candidate, scratch, sharedMemory } = places;
  for (const path of [outside, join(candidate, "dist"), scratch]) await mkdir(path, { recursive: true });
  await writeFile(join(outside, "secret"), secret, { mode: 0o600 });
  await writeFile(join(outside, "writable"), "as it was", { mode: 0o600 });
  await writeFile(sharedMemory, secret, { mode: 0o600 });
  await writeFile(join(candidate, "code"), "as it was");
  await symlink(join(outside, "secret"), join(candidate, "link"));
  await symlink(outside, join(candidate, "folder"));
  await symlink(outside, join(candidate, "dist", "out"));
  const database = new DatabaseSync(join(outside, "database"));
  database.exec(`CREATE TABLE held (secret TEXT); INSERT INTO held VALUES ('${secret}')`);
  database.close();
  await chmod(join(outside, "database"), 0o600);
}

function portOf(server: Server): number {
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("the listener has no port");
  return address.port;
}
