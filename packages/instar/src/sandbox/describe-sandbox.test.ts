import { execFileSync } from "node:child_process";
import { afterAll, describe, expect, test } from "vitest";
import type { SandboxAdapter } from "./sandbox.ts";
import { createSandboxes } from "./sandboxes.testing.ts";

const withCgroups = await createSandboxes({});
const withWatchdog = await createSandboxes({ mayUseCgroups: false });
afterAll(async () => {
  await withCgroups.close();
  await withWatchdog.close();
});
const hasCgroups = (await withCgroups.listCgroups()) !== undefined;
const find = ({ adapters }: typeof withCgroups, name: SandboxAdapter["name"]) => adapters.find((adapter) => adapter.name === name);

async function tell(adapter: SandboxAdapter): Promise<Record<string, string>> {
  const report = await adapter.describe();
  return Object.fromEntries(report.aspects.map(({ aspect, enforced, by }) => [aspect, `${enforced} ${by}`.trim()]));
}

/** The contract holds an adapter to what it says of itself: what it must be able to say stands here. */
const WALLS = { files: "yes namespaces", network: "yes namespaces", time: "yes namespaces", descriptors: "yes rlimit", disk: "partly rlimit, watchdog" };
const FILTER = process.arch === "x64" || process.arch === "arm64" ? { "system-calls": "yes seccomp" } : {};

describe.skipIf(find(withCgroups, "bubblewrap") === undefined)("bubblewrap, where it can be used, enforces", () => {
  test.skipIf(!hasCgroups)("memory and processes by cgroups", async () => {
    expect(await tell(find(withCgroups, "bubblewrap") as SandboxAdapter)).toMatchObject({ ...WALLS, ...FILTER, memory: "yes cgroup", processes: "yes cgroup" });
  });

  test("memory and processes in part by a watchdog where there are none", async () => {
    expect(await tell(find(withWatchdog, "bubblewrap") as SandboxAdapter)).toMatchObject({
      ...WALLS,
      ...FILTER,
      memory: "partly watchdog",
      processes: "partly watchdog",
      cpu: "partly nice",
    });
  });
});

test.skipIf(!canRunTool())("bubblewrap can be used wherever its tool works", () => {
  expect(find(withCgroups, "bubblewrap")).toBeDefined();
});

function canRunTool(): boolean {
  try {
    execFileSync("bwrap", ["--unshare-user", "--unshare-net", "--unshare-pid", "--ro-bind", "/", "/", "true"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

test("none says that it keeps a job from nothing but its limits", async () => {
  const none = find(withWatchdog, "none");
  if (none === undefined) throw new Error("none is always there");
  expect(await tell(none)).toMatchObject({ files: "no", network: "no", "system-calls": "no", descriptors: "yes rlimit" });
});

test("a description is remembered until it is asked afresh", async () => {
  const none = find(withWatchdog, "none") as SandboxAdapter;
  const first = await none.describe();
  expect(await none.describe()).toBe(first);
  expect(await none.describe({ afresh: true })).not.toBe(first);
});

test("a tool that is not there is said to be missing, with how to get it", async () => {
  const gone = withCgroups.withoutTool("bubblewrap", "/no/such/bwrap");
  expect(await gone?.describe()).toMatchObject({
    available: false,
    because: expect.stringContaining("/no/such/bwrap"),
    advice: process.platform === "linux" ? expect.stringContaining("apt-get install bubblewrap") : expect.any(String),
  });
});
