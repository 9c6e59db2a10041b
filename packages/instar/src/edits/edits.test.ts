import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmod, lstat, mkdir, readFile, rename, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { CrashPoints, SimulatedCrash } from "@instar/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { describeTinyDisk, withTinyDisk } from "../platform/tiny-disk.testing.ts";
import { realEditDisk } from "./edit-disk.ts";
import { crashingDisk, EditWorld, failingDisk } from "./edit-world.testing.ts";
import { Edits } from "./edits.ts";
import { parseEditPlan } from "./parse-edit-plan.ts";
import { planInverseEdits } from "./plan-inverse-edits.ts";
import { digestOf } from "./read-live-file.ts";

let world: EditWorld;
beforeEach(async () => {
  world = await EditWorld.create();
  const files = {
    "config/agent.yaml": "# how loud\nlog:\n  level: info # quiet\n",
    "config/old.json": '{"a": 1}\n',
    "config/key.json": '{ "token": "t0p" }\n',
    ".env": "A=1\n",
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(world.agent, name), text);
  for (const name of Object.keys(files)) await utimes(join(world.agent, name), 1_000_000, 1_000_000);
  await chmod(join(world.agent, "config/old.json"), 0o604);
});
afterEach(() => world.end());

const PLAN = `
because: everything at once
edits:
  - directory: config/plugins
  - write: config/plugins/one.json
    content: '{"on": true}'
    mode: "0600"
  - write: config/key.json
    content: '{"token": "n3w"}'
  - delete: config/old.json
  - set: config/agent.yaml
    values: { /log/level: debug }
  - set: .env
    values: { /B: "two words" }
`;

describe("edits are made together:", () => {
  it("applied, every file is as it was asked for, and the rest of each as it was", async () => {
    const edits = world.edits();
    const id = await world.prepared(PLAN, edits);
    await edits.apply(id);
    await edits.tidy(id);
    const found = await world.look();
    expect(Object.keys(found)).toEqual([".env", "config", "config/agent.yaml", "config/key.json", "config/plugins", "config/plugins/one.json"]);
    expect(await world.read("config/agent.yaml")).toBe("# how loud\nlog:\n  level: debug # quiet\n");
    expect(await world.read(".env")).toBe('A=1\nB="two words"\n');
    expect((await lstat(join(world.agent, "config/plugins/one.json"))).mode & 0o777).toBe(0o600);
    expect((await lstat(join(world.agent, "config/key.json"))).mode & 0o777).toBe(0o644);
  });

  it("undone, everything is as before, modes and times too, and nothing is left beside it", async () => {
    const before = await world.look();
    const edits = world.edits();
    const id = await world.prepared(PLAN, edits);
    await edits.apply(id);
    expect(await world.look()).not.toEqual(before);
    await edits.undo(id);
    expect(await world.look()).toEqual(before);
    await edits.undo(id);
    expect(await world.look()).toEqual(before);
  });

  it("undone after they were tidied, from the bytes that were kept", async () => {
    const before = await world.look();
    const edits = world.edits();
    const id = await world.prepared(PLAN, edits);
    await edits.apply(id);
    await edits.tidy(id);
    await edits.undo(id);
    expect(await world.look()).toEqual(before);
  });

  it("killed after any write, applying again completes them, and undoing takes all back", async () => {
    const before = await world.look();
    const whole = world.edits();
    const id = await world.prepared(PLAN);
    let kills = 0;
    for (const end of ["apply", "undo"] as const)
      for (let number = 0, hit = true; hit; number += 1) {
        const crashes = new CrashPoints();
        crashes.plan(number);
        hit = await world
          .edits(crashingDisk(crashes))
          .apply(id)
          .then(
            () => false,
            (error: unknown) => {
              if (!(error instanceof SimulatedCrash)) throw error;
              return true;
            },
          );
        kills += hit ? 1 : 0;
        if (end === "apply") {
          await whole.apply(id);
          expect(await world.read("config/key.json")).toBe('{"token": "n3w"}');
          await expect(world.read("config/old.json")).rejects.toThrow("ENOENT");
        }
        // The undo is killed as well, at the same number.
        crashes.restart();
        crashes.plan(number);
        await world
          .edits(crashingDisk(crashes))
          .undo(id)
          .catch(() => undefined);
        await whole.undo(id);
        expect(await world.look(), `${end}, killed at write ${number}`).toEqual(before);
      }
    expect(kills).toBeGreaterThan(30);
  });

  it.each(["failed", "failed but persisted"] as const)(
    "where any write %s (no space, a broken disk, one that is read-only), undoing takes all back",
    async (how) => {
      const before = await world.look();
      const id = await world.prepared(PLAN);
      let failures = 0;
      for (const code of ["ENOSPC", "EIO", "EROFS"])
        for (let number = 0, hit = true; hit; number += 1) {
          const disk = failingDisk(number, how, code);
          const error: unknown = await world
            .edits(disk)
            .apply(id)
            .catch((caught: unknown) => caught);
          hit = disk.hasFailed();
          if (hit) expect(error, `${code} at write ${number}`).toMatchObject({ code: code === "ENOSPC" ? "DISK_FULL" : "PLATFORM_FAILED" });
          failures += hit ? 1 : 0;
          const undone = failingDisk(number, how, code);
          await world
            .edits(undone)
            .undo(id)
            .catch(() => undefined);
          await world.edits().undo(id);
          expect(await world.look(), `${code} at write ${number}`).toEqual(before);
        }
      expect(failures).toBeGreaterThan(40);
    },
  );

  it.each(["failed", "failed but persisted"] as const)("where putting them down %s, nothing of the agent's is touched", async (how) => {
    const before = await world.look();
    for (let number = 0, hit = true; hit; number += 1) {
      const disk = failingDisk(number, how, "ENOSPC");
      await world.prepared(PLAN, world.edits(disk)).catch(() => undefined);
      hit = disk.hasFailed();
      expect(await world.look()).toEqual(before);
    }
  });

  it("nothing is applied before the inverse is whole on disk", async () => {
    const before = await world.look();
    const edits = world.edits();
    const id = await edits.store.stage(parseEditPlan(PLAN), null);
    await edits.prepare(id);
    await expect(edits.apply(id)).rejects.toMatchObject({ code: "APPLY_FAILED" });
    await edits.undo(id);
    expect(await world.look()).toEqual(before);
  });

  const noTinyDisk = describeTinyDisk();
  it.skipIf(noTinyDisk !== undefined)("on a disk that fills up meanwhile, they fail as a full disk and go back without needing any space", () =>
    withTinyDisk(1, async (folder) => {
      const tiny = await EditWorld.create(folder);
      await writeFile(join(tiny.agent, "config/big.txt"), randomBytes(200_000));
      const before = await tiny.look();
      const content = randomBytes(150_000).toString("base64");
      const edits = new Edits({ settingsFolder: tiny.agent, listed: ["config"], dataFolder: world.data });
      const plan = `{"because": "big", "edits": [{"delete": "config/big.txt"}, {"write": "config/one.bin", "base64": "${content}"}]}`;
      const id = await edits.store.stage(parseEditPlan(plan), null);
      await edits.prepare(id);
      await edits.keep(id);
      await writeFile(join(folder, "greedy"), Buffer.alloc(2_000_000)).catch(() => undefined);
      await expect(edits.apply(id)).rejects.toMatchObject({ code: "DISK_FULL" });
      await edits.undo(id);
      expect(await tiny.look()).toEqual(before);
      expect(await edits.prepare(id).catch((error: unknown) => error)).toMatchObject({ code: "DISK_FULL" });
    }),
  );

  it.skipIf(noTinyDisk !== undefined)("on a disk that is read-only they are refused; on one that becomes so meanwhile they fail, and nothing is changed", () =>
    withTinyDisk(1, async (folder) => {
      const tiny = await EditWorld.create(folder);
      const before = await tiny.look();
      const edits = new Edits({ settingsFolder: tiny.agent, listed: ["config"], dataFolder: world.data });
      const id = await edits.store.stage(parseEditPlan('{"because": "x", "edits": [{"write": "config/x", "content": "x"}]}'), null);
      await edits.prepare(id);
      await edits.keep(id);
      execFileSync("mount", ["-o", "remount,ro", folder]);
      expect(await edits.prepare(id)).toMatchObject({ kind: "refused", because: expect.stringContaining("EROFS") });
      await expect(edits.apply(id)).rejects.toMatchObject({ code: "PLATFORM_FAILED", cause: { code: "EROFS" } });
      await edits.undo(id);
      expect(await tiny.look()).toEqual(before);
      execFileSync("mount", ["-o", "remount,rw", folder]);
    }),
  );

  it("a reader sees each file whole, old or new, at every moment", async () => {
    const [old, fresh] = ["a".repeat(300_000), "b".repeat(500_000)];
    await writeFile(join(world.agent, "config/big.txt"), old);
    const edits = world.edits();
    const id = await world.prepared(`{"because": "big", "edits": [{"write": "config/big.txt", "content": "${fresh}"}]}`, edits);
    let reads = 0;
    let isDone = false;
    const reader = (async () => {
      while (!isDone) {
        const text = await world.read("config/big.txt");
        if (text !== old && text !== fresh) throw new Error(`a file of ${text.length} bytes`);
        reads += 1;
      }
    })();
    for (let round = 0; round < 10; round += 1) {
      await edits.apply(id);
      await edits.undo(id);
    }
    isDone = true;
    await reader;
    expect(reads).toBeGreaterThan(0);
  });
});

describe("what an operator did is never silently overwritten:", () => {
  it("a file that is not what the plan expects stops it", async () => {
    const edits = world.edits();
    const wanted = digestOf(Buffer.from("something else"));
    const id = await edits.store.stage(
      parseEditPlan(`{"because": "x", "edits": [{"write": "config/key.json", "content": "{}", "expect": "${wanted}"}]}`),
      null,
    );
    expect(await edits.prepare(id)).toMatchObject({ kind: "refused", code: "EDIT_CONFLICT", because: expect.stringContaining(`the plan expects ${wanted}`) });
    const fits = digestOf(await readFile(join(world.agent, "config/key.json")));
    const other = await edits.store.stage(
      parseEditPlan(`{"because": "x", "edits": [{"write": "config/key.json", "content": "{}", "expect": "${fits}"}]}`),
      null,
    );
    expect(await edits.prepare(other)).toMatchObject({ kind: "planned" });
  });

  it("a file that was changed between preparing and keeping stops it before the first write", async () => {
    const edits = world.edits();
    const id = await edits.store.stage(parseEditPlan(PLAN), null);
    await edits.prepare(id);
    await writeFile(join(world.agent, "config/key.json"), "theirs");
    expect(await edits.keep(id)).toContain("config/key.json was changed by somebody");
    expect(await edits.store.isKept(id)).toBe(false);
  });

  it.each([
    ["config/key.json", "replaced"],
    ["config/old.json", "deleted"],
    ["config/plugins/one.json", "made"],
  ])("%s, which was to be %s and was changed after keeping, is a conflict, and stays as it is when the rest is undone", async (file) => {
    const edits = world.edits();
    const id = await world.prepared(PLAN, edits);
    await mkdir(join(world.agent, "config/plugins"), { recursive: true });
    await writeFile(join(world.agent, file), "theirs");
    await expect(edits.apply(id)).rejects.toMatchObject({ code: "EDIT_CONFLICT", message: expect.stringContaining(file) });
    expect(await world.read(file)).toBe("theirs");
    await edits.undo(id);
    expect(await world.read(file)).toBe("theirs");
    // What was made before the conflict was found is undone all the same.
    expect(await world.read("config/agent.yaml")).toContain("level: info");
    expect(Object.keys(await world.look()).filter((name) => name.includes(".instar-"))).toEqual([]);
  });

  it.each([
    ["replaced", '{"write": "config/key.json", "content": "{}"}', "link"],
    ["deleted", '{"delete": "config/key.json"}', "rename"],
    ["made", '{"write": "config/new.json", "content": "{}"}', "link"],
  ] as const)("a file that is %s while somebody writes it at that very moment is a conflict, and theirs stays", async (_, edit, at) => {
    const file = edit.includes("new.json") ? "config/new.json" : "config/key.json";
    const disk = {
      ...realEditDisk,
      [at]: async (from: string, to: string) => {
        world.writeAsPerson(file, "theirs");
        await realEditDisk[at](from, to);
      },
    };
    const id = await world.prepared(`{"because": "x", "edits": [${edit}]}`);
    await expect(world.edits(disk).apply(id)).rejects.toMatchObject({ code: "EDIT_CONFLICT" });
    expect(await world.read(file)).toBe("theirs");
  });

  it("a file that was changed after it was written stops the undo before anything is touched; once it was moved away, all goes back", async () => {
    const before = await world.look();
    const edits = world.edits();
    const id = await world.prepared(PLAN, edits);
    await edits.apply(id);
    await writeFile(join(world.agent, "config/key.json"), "theirs");
    const applied = await world.look();
    await expect(edits.undo(id)).rejects.toMatchObject({
      code: "ROLLBACK_FAILED",
      message: expect.stringContaining("config/key.json was changed by somebody"),
    });
    expect(await world.look()).toEqual(applied);
    await rename(join(world.agent, "config/key.json"), join(world.data, "theirs"));
    await edits.undo(id);
    expect(await world.look()).toEqual(before);
  });

  it("a file that is changed while others go back stops there, and is named", async () => {
    const disk = {
      ...realEditDisk,
      rename: async (from: string, to: string) => {
        world.writeAsPerson("config/key.json", "theirs");
        await realEditDisk.rename(from, to);
      },
    };
    const id = await world.prepared(PLAN);
    await world.edits().apply(id);
    await expect(world.edits(disk).undo(id)).rejects.toMatchObject({ code: "ROLLBACK_FAILED", message: expect.stringContaining("config/key.json") });
    expect(await world.read("config/key.json")).toBe("theirs");
  });

  it("what somebody wrote into the old file, who had it open, is not lost", async () => {
    const edits = world.edits();
    const id = await world.prepared(PLAN, edits);
    await edits.apply(id);
    const aside = Object.keys(await world.look()).find((name) => name.endsWith("-2.old") || name.endsWith("-1.old")) ?? "";
    await writeFile(join(world.agent, aside), "written late");
    await expect(edits.apply(id)).rejects.toMatchObject({ code: "EDIT_CONFLICT" });
    expect((await edits.tidy(id)).left).toEqual([join(world.agent, aside)]);
    expect(await world.read(aside)).toBe("written late");
  });

  it("a folder that holds something else by now stays, and is named", async () => {
    const edits = world.edits();
    const id = await world.prepared(PLAN, edits);
    await edits.apply(id);
    await writeFile(join(world.agent, "config/plugins/theirs"), "x");
    expect(await edits.undo(id)).toEqual({ kept: ["config/plugins"] });
    expect(await world.read("config/plugins/theirs")).toBe("x");
  });

  it("the inverse is edits too, and is refused where a file is not what the edits left", async () => {
    const before = await world.look();
    const edits = world.edits();
    const id = await world.prepared(PLAN, edits);
    const { changes } = await edits.apply(id);
    await edits.tidy(id);
    const inverse = planInverseEdits(changes, (index) => edits.store.placeOfOld(id, index), { because: "back", restart: false });
    await writeFile(join(world.agent, "config/key.json"), "theirs");
    expect(await edits.look(inverse, null)).toMatchObject({ kind: "refused", code: "EDIT_CONFLICT", because: expect.stringContaining("config/key.json") });
    await writeFile(join(world.agent, "config/key.json"), '{"token": "n3w"}');
    const back = await edits.store.stage(inverse, null);
    await edits.prepare(back);
    await edits.keep(back);
    await edits.apply(back);
    await edits.tidy(back);
    expect(await world.look()).toEqual(before);
  });
});
