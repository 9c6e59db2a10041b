import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { systemClock as clock } from "../platform/clock.ts";
import { endProcessTree, readProcessTree } from "../platform/end-process-tree.ts";
import { isSameProcess, type ProcessIdentity } from "../platform/process-identity.ts";
import { spawnDetached } from "../platform/spawn-detached.ts";
import { slotSandboxSettings } from "../settings/sandbox-settings.ts";
import { planSlotPrefix, type SlotPlace } from "./plan-slot-prefix.ts";
import { findBubblewrap, prepareBubblewrap, readProgramPaths } from "./prepare-bubblewrap.ts";

const tool = await findBubblewrap();
const marker = { name: "INSTAR_TEST_SLOT", value: `${process.pid}` };

let folder: string;
let place: SlotPlace;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "instar-slot-"));
  const [dataFolder, home] = [join(folder, "data"), join(folder, "home")];
  const [releaseTree, stateDirectory] = [join(dataFolder, "releases", "1"), join(dataFolder, "state")];
  for (const path of [releaseTree, stateDirectory, home]) await mkdir(path, { recursive: true });
  await writeFile(join(releaseTree, "code"), "code");
  await writeFile(join(dataFolder, "token"), "token");
  await writeFile(join(home, "letter"), "letter");
  const prepared = await prepareBubblewrap(join(dataFolder, "sandbox"));
  place = {
    ...prepared,
    settings: slotSandboxSettings.parse({ level: "sandboxed" }),
    tool: tool ?? "/usr/bin/bwrap",
    programs: await readProgramPaths({ path: dirname(process.execPath), layout: prepared.layout, hidden: [folder] }),
    ...{ releaseTree, dependenciesFolder: null, stateDirectory, dataFolder, home, cwd: releaseTree },
  };
});
afterEach(async () => {
  await endProcessTree({ marker, graceMs: 0, signal: "SIGKILL", clock });
  await rm(folder, { recursive: true });
});

const settings = (given: object) => slotSandboxSettings.parse({ level: "sandboxed", ...given });

test("an open slot has no prefix", () => {
  expect(planSlotPrefix({ ...place, settings: slotSandboxSettings.parse({}) })).toEqual([]);
});

test("Instar's data is masked where a visible folder lies around it, and only there", () => {
  const masks = (given: object) => planSlotPrefix({ ...place, settings: settings(given), home: folder }).filter((_, at, all) => all[at - 1] === "--remount-ro");
  expect(masks({ home: "host" })).toContain(place.dataFolder);
  expect(masks({ home: "own" })).not.toContain(place.dataFolder);
});

test("what instar.yaml calls readable opens nothing of Instar's data", () => {
  const prefix = planSlotPrefix({ ...place, settings: settings({ readable: [join(place.dataFolder, "token")] }) });
  expect(prefix).not.toContain(join(place.dataFolder, "token"));
});

describe.skipIf(!canRun())("a sandboxed agent", () => {
  const run = (script: string, given: object = {}, more: Partial<SlotPlace> = {}) => {
    const [file = "", ...rest] = [...planSlotPrefix({ ...place, settings: settings(given), ...more }), "/bin/sh", "-c", script];
    return execFileSync(file, rest, {
      encoding: "utf8",
      env: { PATH: "/usr/bin:/bin", HOME: place.home },
      cwd: place.cwd,
      stdio: ["ignore", "pipe", "ignore"],
    });
  };

  test("writes its state, reads its release and sees nothing else of Instar's data", async () => {
    const said = run(
      `cat code; echo x >${place.stateDirectory}/kept; echo x >code; cat ${place.dataFolder}/token; ls ${place.dataFolder}; touch ${place.dataFolder}/new; true`,
    );
    expect(said).toBe("codereleases\nstate\n");
    expect(await readFile(join(place.stateDirectory ?? "", "kept"), "utf8")).toBe("x\n");
    expect(await readFile(join(place.releaseTree, "code"), "utf8")).toBe("code");
    expect(existsSync(join(place.dataFolder, "new"))).toBe(false);
  });

  test("has an empty home of its own, or the host's, read-only and without Instar's data", () => {
    expect(run("ls -A $HOME; echo x >$HOME/mine; cat $HOME/mine")).toBe("x\n");
    expect(existsSync(join(place.home, "mine"))).toBe(false);
    const around = { home: folder };
    expect(run("cat home/letter data/token; echo x >mine; true", { home: "host" }, { ...around, cwd: folder })).toBe("letter");
    expect(existsSync(join(folder, "mine"))).toBe(false);
  });

  test("reaches this machine's loopback, or nothing with network: none", async () => {
    const server = createServer((socket) => socket.end("hello"));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    const port = typeof address === "object" ? address?.port : 0;
    const script = `exec ${process.execPath} -e "require('node:net').connect(${port}, '127.0.0.1').on('data', (data) => console.log(String(data))).on('error', (error) => console.log(error.code))"`;
    try {
      expect(await runAside(script, {})).toBe("hello\n");
      expect(await runAside(script, { network: "none" })).toBe("ECONNREFUSED\n");
    } finally {
      server.close();
    }
  });

  test("asked to end, ends as it likes, and nothing of its tree is left", async () => {
    const script = `process.on("SIGTERM", () => setTimeout(() => { require("node:fs").writeFileSync(process.argv[1], "graceful"); process.exit(0); }, 300)); require("node:child_process").spawn("sleep", ["600"]); console.log("ready"); setInterval(() => {}, 1000)`;
    const identity = await start([process.execPath, "-e", script, join(place.stateDirectory ?? "", "said")]);
    await untilLog("ready");
    expect((await readProcessTree({ identity, marker })).length).toBeGreaterThan(2);
    await endProcessTree({ identity, marker, signal: "SIGTERM", graceMs: 10_000, clock });
    expect(await readFile(join(place.stateDirectory ?? "", "said"), "utf8")).toBe("graceful");
    expect(await readProcessTree({ identity, marker })).toEqual([]);
  });

  test("that ends by itself is seen to have ended, and what it left behind is found and ended, as outside", async () => {
    const identity = await start(["/bin/sh", "-c", "sleep 600 & echo ready; exit 3"]);
    await untilLog("ready");
    while (await isSameProcess(identity)) await clock.sleep(20);
    expect((await readProcessTree({ identity, marker })).length).toBeGreaterThan(0);
    await endProcessTree({ identity, marker, signal: "SIGTERM", graceMs: 0, clock });
    expect(await readProcessTree({ identity, marker })).toEqual([]);
  });

  test("is found by its marker when the tool outside was killed, and ends with its namespace", async () => {
    const identity = await start(["/bin/sh", "-c", "echo ready; sleep 600"]);
    await untilLog("ready");
    process.kill(identity.pid, "SIGKILL");
    expect((await readProcessTree({ marker })).length).toBeGreaterThan(0);
    await endProcessTree({ identity, marker, signal: "SIGTERM", graceMs: 0, clock });
    expect(await readProcessTree({ marker })).toEqual([]);
  });

  async function start(argv: readonly string[], given: object = {}): Promise<ProcessIdentity> {
    return spawnDetached({
      argv: [...planSlotPrefix({ ...place, settings: settings(given) }), ...argv],
      cwd: place.cwd,
      environment: { PATH: "/usr/bin:/bin", HOME: place.home, [marker.name]: marker.value },
      stdoutPath: join(folder, "log"),
      stderrPath: join(folder, "log"),
      beforeGo: async () => {},
    });
  }

  async function runAside(script: string, given: object): Promise<string> {
    await rm(join(folder, "log"), { force: true });
    const identity = await start(["/bin/sh", "-c", script], given);
    while (await isSameProcess(identity)) await clock.sleep(20);
    return readFile(join(folder, "log"), "utf8");
  }

  async function untilLog(text: string): Promise<void> {
    while (!(await readFile(join(folder, "log"), "utf8").catch(() => "")).includes(text)) await clock.sleep(20);
  }
});

function canRun(): boolean {
  try {
    execFileSync(tool ?? "", ["--unshare-user", "--ro-bind", "/", "/", "true"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
