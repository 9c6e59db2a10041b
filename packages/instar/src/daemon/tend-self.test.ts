import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { DaemonBench, step } from "./daemon-bench.testing.ts";
import type { Instance } from "./instance.ts";
import { tendSelf } from "./tend-self.ts";

let bench: DaemonBench;
let instance: Instance;
let stop: AbortController;
let tending: Promise<unknown>;
const said: string[] = [];
const own = (...path: string[]) => join(bench.folder, "agent-data", ...path);
beforeEach(() => {
  bench = new DaemonBench();
  instance = bench.open([step("stage")]);
  stop = new AbortController();
  said.length = 0;
});
afterEach(async () => {
  stop.abort();
  await tending;
  await bench.close();
});

const tend = () => {
  tending = tendSelf(instance, (line) => said.push(line), stop.signal).catch(() => undefined);
};
/** Lets the folders be seen to again and again. */
const until = async (holds: () => boolean) => {
  for (let looks = 0; looks < 400 && !holds(); looks += 1) {
    bench.slow.advance(1_000);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  expect(holds()).toBe(true);
};
const allow = () => Object.assign(instance.settings, { self: { folder: "./agent-data", gitName: "Agent", gitEmail: "agent@localhost", testsWithin: 1_000 } });

describe("an agent's folders", () => {
  it("are not made where instar.yaml does not say that it may change itself", async () => {
    tend();
    await tending;
    expect(existsSync(own())).toBe(false);
  });

  it("are made before anything runs, and say that nothing was deployed", async () => {
    allow();
    tend();
    await until(() => existsSync(own("deployments", "status.json")));
    expect(JSON.parse(readFileSync(own("deployments", "status.json"), "utf8"))).toEqual({ deployments: [] });
    expect([existsSync(own("code-repo")), existsSync(own("sandbox")), existsSync(own("deployments", "human_approval_required.flag"))]).toEqual([
      true,
      true,
      false,
    ]);
  });

  it.each(["code-repo", "sandbox", "deployments", ""])(
    "in whose place the agent put a file stop nothing: %j is said once, and goes on when it is put right",
    async (name) => {
      allow();
      mkdirSync(join(own(name), ".."), { recursive: true });
      writeFileSync(own(name), "in the way");
      tend();
      await until(() => said.length > 0);
      expect(said).toEqual([expect.stringMatching(/^the agent's own folders: could not make/)]);
      const looks: true[] = [];
      await until(() => looks.push(true) > 50);
      expect(said).toHaveLength(1);
      rmSync(own(name));
      await until(() => existsSync(own("deployments", "status.json")));
    },
  );

  it("whose flag the agent made a folder are put right", async () => {
    allow();
    mkdirSync(own("deployments", "human_approval_required.flag", "x"), { recursive: true });
    tend();
    await until(() => existsSync(own("deployments", "status.json")) && !existsSync(own("deployments", "human_approval_required.flag")));
    expect(said).toEqual([]);
  });
});
