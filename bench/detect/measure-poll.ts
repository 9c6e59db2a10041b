import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { type AddressInfo, connect, createServer } from "node:net";
import { join } from "node:path";
import { findFreePort } from "@instar/testkit";
import { createGitSource } from "../../packages/instar/src/sources/git-source.ts";
import { sleep, until } from "../bench-clock.ts";
import { median } from "../percentile.ts";
import type { Place } from "../place.ts";

export interface Poll {
  readonly bytes: number;
  readonly cpuMs: number;
}

export interface Polls {
  readonly ours: Poll;
  /** `git fetch` of a clone that is up to date. */
  readonly fetch: Poll;
  /** Objects that our mirror gained by polling. */
  readonly fetchedObjects: number;
}

/** Polls of a remote of so many refs that has nothing new, over TCP, where bytes are counted. */
export async function measurePolls(place: Place, { refs, rounds }: { readonly refs: number; readonly rounds: number }): Promise<Polls> {
  const remote = join(place.folder, "upstream.git");
  await makeRemote(place, remote, refs);
  const daemonPort = await findFreePort();
  place.start("git-daemon", ["git", "daemon", "--reuseaddr", "--export-all", "--listen=127.0.0.1", `--port=${daemonPort}`, `--base-path=${place.folder}`]);
  const counted = await countBytes(place, daemonPort);
  const address = `git://127.0.0.1:${counted.port}/upstream.git`;
  await until("git daemon to answer", () => place.run(["git", "ls-remote", address]).catch(() => undefined));

  const mirror = join(place.folder, "mirror");
  const source = createGitSource({ remote: address, branch: "main", mirrorFolder: mirror, path: process.env.PATH ?? "", home: place.folder });
  const found = await source.look();
  await source.fetch(found.commit, undefined, found.ref);
  const clone = join(place.folder, "clone");
  await place.run(["git", "clone", "--quiet", "--bare", address, clone]);

  const before = await countObjects(place, mirror);
  const ours: Poll[] = [];
  const fetched: Poll[] = [];
  for (let round = 0; round < rounds; round += 1) {
    ours.push(await measure(counted, () => source.look()));
    fetched.push(
      await measure(counted, () =>
        place.run(["git", "--git-dir", clone, "fetch", "--quiet", "origin", "+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"]),
      ),
    );
  }
  return { ours: middle(ours), fetch: middle(fetched), fetchedObjects: (await countObjects(place, mirror)) - before };
}

async function makeRemote(place: Place, remote: string, refs: number): Promise<void> {
  await place.run(["git", "init", "--quiet", "--bare", "--initial-branch=main", remote]);
  const identity = ["-c", "user.name=Bench", "-c", "user.email=bench@example.invalid"];
  const tree = (await place.run(["git", "--git-dir", remote, "hash-object", "-t", "tree", "-w", "/dev/null"])).trim();
  const commit = (await place.run(["git", "--git-dir", remote, ...identity, "commit-tree", tree, "-m", "one"])).trim();
  mkdirSync(join(remote, "refs/heads"), { recursive: true });
  const lines = Array.from({ length: refs - 1 }, (_, number) => `${commit} refs/${number % 2 === 0 ? "heads/topic" : "tags/v0.0"}.${number}`).sort((a, b) =>
    (a.split(" ")[1] ?? "") < (b.split(" ")[1] ?? "") ? -1 : 1,
  );
  writeFileSync(join(remote, "packed-refs"), `# pack-refs with: peeled fully-peeled sorted \n${lines.join("\n")}\n`);
  writeFileSync(join(remote, "refs/heads/main"), `${commit}\n`);
}

interface Counted {
  readonly port: number;
  readonly total: () => number;
}

/** What passes in both ways. */
async function countBytes(place: Place, port: number): Promise<Counted> {
  let bytes = 0;
  const server = createServer((client) => {
    const upstream = connect(port, "127.0.0.1");
    const add = (chunk: Buffer) => {
      bytes += chunk.length;
    };
    client.on("data", add).on("error", () => upstream.destroy());
    upstream.on("data", add).on("error", () => client.destroy());
    client.pipe(upstream).pipe(client);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  place.onEnd(
    () =>
      new Promise((resolve) => {
        server.close(() => resolve());
      }),
  );
  return { port: (server.address() as AddressInfo).port, total: () => bytes };
}

async function measure(counted: Counted, act: () => Promise<unknown>): Promise<Poll> {
  const bytes = counted.total();
  const cpu = childrenCpuMs();
  await act();
  // The last bytes of a connection come a moment after git has ended.
  await sleep(20);
  return { bytes: counted.total() - bytes, cpuMs: childrenCpuMs() - cpu };
}

/** Of programs that ended, in ticks of 10 ms; only Linux says. proc(5): cutime and cstime. */
function childrenCpuMs(): number {
  const fields = readFileSync("/proc/self/stat", "latin1").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[13]) + Number(fields[14])) * 10;
}

async function countObjects(place: Place, gitDir: string): Promise<number> {
  const said = await place.run(["git", "--git-dir", gitDir, "count-objects", "-v"]);
  return [...said.matchAll(/^(?:count|in-pack): (\d+)$/gm)].reduce((sum, [, number]) => sum + Number(number), 0);
}

/** Processor time is told in steps of ten milliseconds, so the mean says more than the middle. */
function middle(polls: readonly Poll[]): Poll {
  return { bytes: median(polls.map(({ bytes }) => bytes)), cpuMs: polls.reduce((sum, { cpuMs }) => sum + cpuMs, 0) / polls.length };
}
