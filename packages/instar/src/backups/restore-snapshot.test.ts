import { execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { chmodSync, existsSync, linkSync, lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { systemClock } from "../platform/clock.ts";
import { removeTree } from "../platform/durable-files.ts";
import { describeTinyDisk, withTinyDisk } from "../platform/tiny-disk.testing.ts";
import { openContentStore } from "../store/content-store.ts";
import { renderTree } from "./sample-tree.testing.ts";
import { openSnapshotStore } from "./snapshot-store.ts";

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "instar-restore-"));
});
afterEach(async () => removeTree(home));

function store() {
  return openSnapshotStore({ folder: join(home, "snapshots"), store: openContentStore({ folder: join(home, "store") }), clock: systemClock });
}

function fill(state: string): void {
  mkdirSync(join(state, "folder"));
  writeFileSync(join(state, "one"), "1");
  writeFileSync(join(state, "folder", "three"), "333");
  linkSync(join(state, "one"), join(state, "folder", "same"));
  symlinkSync("one", join(state, "link"));
  chmodSync(join(state, "folder"), 0o755);
}

function change(state: string): void {
  writeFileSync(join(state, "one"), "one, changed");
  rmSync(join(state, "folder", "three"));
  writeFileSync(join(state, "folder", "four"), "4444");
  writeFileSync(join(state, "new"), "n", { mode: 0o400 });
}

/** A process that does one thing to the store and kills itself at the n-th report of progress, of building the second only. True once it got through. */
async function actAndDie(state: string, action: "finish" | "restore", killAt: number): Promise<boolean> {
  const script = `
    import { openSnapshotStore } from ${JSON.stringify(join(import.meta.dirname, "snapshot-store.ts"))};
    import { openContentStore } from ${JSON.stringify(join(import.meta.dirname, "../store/content-store.ts"))};
    import { systemClock } from ${JSON.stringify(join(import.meta.dirname, "../platform/clock.ts"))};
    let left = ${killAt};
    let built = 0;
    const onProgress = (phase) => { if ((phase !== "building" || built++ === 1) && --left === 0) process.kill(process.pid, "SIGKILL"); };
    const store = openSnapshotStore({ folder: ${JSON.stringify(join(home, "snapshots"))}, store: openContentStore({ folder: ${JSON.stringify(join(home, "store"))} }), clock: systemClock });
    ${action === "finish" ? `await store.finish("s", ${JSON.stringify(state)}, { onProgress });` : `await store.restore("s", ${JSON.stringify(state)}, ${JSON.stringify(join(home, "aside"))}, { onProgress });`}`;
  const child = spawn(process.execPath, ["--input-type=module-typescript", "-e", script], { stdio: ["ignore", "ignore", "inherit"] });
  const [status, signal] = await once(child, "exit");
  expect([0, null]).toContain(status);
  return signal === null;
}

/** Kills at every stage in turn, going on from what each kill left, until one gets through. */
async function killAtEveryStage(state: string): Promise<number> {
  for (let kills = 0; ; kills++) if (await actAndDie(state, "restore", 1 + kills)) return kills;
}

test("killed at each stage of a restore, the next call makes of it exactly both states", async () => {
  for (let killAt = 1; ; killAt++) {
    const state = join(home, `state-${killAt}`);
    mkdirSync(state);
    fill(state);
    await store().remove("s");
    await store().finish("s", state);
    const original = renderTree(state);
    change(state);
    const changed = renderTree(state);
    const gotThrough = await actAndDie(state, "restore", killAt);
    const { asideAt } = await store().restore("s", state, join(home, "aside"));
    expect(renderTree(state)).toEqual(original);
    expect(renderTree(asideAt ?? "")).toEqual(changed);
    expect(readdirSync(home).filter((name) => name.startsWith("."))).toEqual([]);
    if (gotThrough) {
      expect(killAt).toBeGreaterThan(6);
      return;
    }
  }
});

test("killed again and again while going on, a restore still ends in both states", async () => {
  const state = join(home, "state");
  mkdirSync(state);
  fill(state);
  await store().finish("s", state);
  const original = renderTree(state);
  change(state);
  const changed = renderTree(state);
  expect(await killAtEveryStage(state)).toBeGreaterThan(3);
  expect(renderTree(state)).toEqual(original);
  expect(renderTree((await store().restore("s", state, join(home, "aside"))).asideAt ?? "")).toEqual(changed);
});

test("killed while finishing, a snapshot is not whole; finishing again makes it so", async () => {
  const state = join(home, "state");
  mkdirSync(state);
  fill(state);
  const original = renderTree(state);
  for (let killAt = 1; killAt <= 2; killAt++) {
    expect(await actAndDie(state, "finish", killAt)).toBe(false);
    expect(await store().isFinished("s")).toBe(false);
  }
  await store().finish("s", state);
  expect(await store().verify("s")).toEqual({ kind: "intact", how: "restored" });
  change(state);
  await store().restore("s", state, join(home, "aside"));
  expect(renderTree(state)).toEqual(original);
});

test("killed at any moment while finishing or restoring, both go on to the same bytes", async () => {
  const state = join(home, "state");
  mkdirSync(state);
  fill(state);
  for (let n = 0; n < 2_000; n++) writeFileSync(join(state, "folder", `f${n}`), `${n}`.repeat(50));
  const original = renderTree(state);
  for (const action of ["finish", "restore"] as const) {
    for (const delayMs of [100, 140, 180, 260]) await runAndKillAfter(state, action, delayMs);
    if (action === "finish") {
      await store().finish("s", state);
      change(state);
    }
  }
  await store().restore("s", state, join(home, "aside"));
  expect(renderTree(state)).toEqual(original);
});

/** The moment is chance: whatever it hits must do. */
async function runAndKillAfter(state: string, action: "finish" | "restore", delayMs: number): Promise<void> {
  const script = `
    import { openSnapshotStore } from ${JSON.stringify(join(import.meta.dirname, "snapshot-store.ts"))};
    import { openContentStore } from ${JSON.stringify(join(import.meta.dirname, "../store/content-store.ts"))};
    import { systemClock } from ${JSON.stringify(join(import.meta.dirname, "../platform/clock.ts"))};
    const store = openSnapshotStore({ folder: ${JSON.stringify(join(home, "snapshots"))}, store: openContentStore({ folder: ${JSON.stringify(join(home, "store"))} }), clock: systemClock });
    await store.${action}("s", ${JSON.stringify(state)}, ${JSON.stringify(join(home, "aside"))});`;
  const child = spawn(process.execPath, ["--input-type=module-typescript", "-e", script], { stdio: "ignore" });
  const timer = setTimeout(() => child.kill("SIGKILL"), delayMs);
  await once(child, "exit");
  clearTimeout(timer);
}

test("a restore that is done is not done again over what was written since", async () => {
  const state = join(home, "state");
  mkdirSync(state);
  fill(state);
  await store().finish("s", state);
  const first = await store().restore("s", state, join(home, "aside"));
  writeFileSync(join(state, "since"), "kept");
  expect(await store().restore("s", state, join(home, "aside"))).toEqual(first);
  expect(readFileSync(join(state, "since"), "utf8")).toBe("kept");
  const second = await store().restore("s", state, join(home, "another"));
  expect(second.asideAt).not.toBe(first.asideAt);
  expect(readFileSync(join(second.asideAt ?? "", "since"), "utf8")).toBe("kept");
});

test("a state that is gone altogether is restored, with nothing to keep aside", async () => {
  const state = join(home, "state");
  mkdirSync(state);
  fill(state);
  const original = renderTree(state);
  await store().finish("s", state);
  rmSync(state, { recursive: true });
  for (let killAt = 1; !(await actAndDie(state, "restore", killAt)); killAt++);
  expect(await store().restore("s", state, join(home, "aside"))).toMatchObject({ asideAt: undefined });
  expect(renderTree(state)).toEqual(original);
});

test("another restore of the same state waits until the first is finished, and its snapshot stays", async () => {
  const state = join(home, "state");
  mkdirSync(state);
  fill(state);
  await store().finish("s", state);
  await store().finish("t", state);
  const count: string[] = [];
  await store().restore("t", state, join(home, "count"), { onProgress: (phase) => count.push(phase) });
  expect(await actAndDie(state, "restore", count.indexOf("moved-aside") - count.indexOf("built") + 2)).toBe(false);
  await expect(store().restore("t", state, join(home, "aside"))).rejects.toMatchObject({ code: "CONFLICT" });
  await expect(store().remove("s")).rejects.toMatchObject({ code: "CONFLICT" });
  await store().restore("s", state, join(home, "aside"));
  await store().remove("s");
});

test("something that appears in the state's place meanwhile is neither replaced nor lost", async () => {
  const state = join(home, "state");
  mkdirSync(state);
  fill(state);
  const original = renderTree(state);
  await store().finish("s", state);
  const onProgress = (phase: string) => {
    if (phase !== "moved-aside") return;
    mkdirSync(state);
    writeFileSync(join(state, "intruder"), "i");
  };
  await expect(store().restore("s", state, join(home, "aside"), { onProgress })).rejects.toMatchObject({ code: "CONFLICT" });
  expect(readFileSync(join(state, "intruder"), "utf8")).toBe("i");
  rmSync(state, { recursive: true });
  await store().restore("s", state, join(home, "aside"));
  expect(renderTree(state)).toEqual(original);
});

test("something that appears in the state's place after a crash does not take the old state's place aside", async () => {
  const state = join(home, "state");
  mkdirSync(state);
  fill(state);
  await store().finish("s", state);
  change(state);
  const changed = renderTree(state);
  // Reports: the second entry built, built, moving aside, moved aside.
  expect(await actAndDie(state, "restore", 4)).toBe(false);
  expect(existsSync(state)).toBe(false);
  mkdirSync(state);
  writeFileSync(join(state, "intruder"), "i");
  await expect(store().restore("s", state, join(home, "aside"))).rejects.toMatchObject({ code: "CONFLICT" });
  expect(readFileSync(join(state, "intruder"), "utf8")).toBe("i");
  rmSync(state, { recursive: true });
  expect(renderTree((await store().restore("s", state, join(home, "aside"))).asideAt ?? "")).toEqual(changed);
});

test("what lies behind a link to the state is what changes, and the link stays", async () => {
  const real = join(home, "real");
  mkdirSync(real);
  fill(real);
  const original = renderTree(real);
  symlinkSync("real", join(home, "state"));
  await store().finish("s", join(home, "state"));
  change(real);
  await store().restore("s", join(home, "state"), join(home, "aside"));
  expect(renderTree(real)).toEqual(original);
});

test("any state, changed in any way, comes back; what it had become is kept", async () => {
  const name = fc.constantFrom("a", "b", "c d", "ü", "__proto__");
  const leaf = fc.record({
    kind: fc.constantFrom("file", "link", "hard"),
    text: fc.string({ maxLength: 40 }),
    mode: fc.constantFrom(0o600, 0o644, 0o755, 0o444),
  });
  const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({
    tree: fc.uniqueArray(fc.tuple(name, fc.oneof({ maxDepth: 3 }, leaf as fc.Arbitrary<Leaf | Tree>, tie("tree"))), { maxLength: 4, selector: ([key]) => key }),
  }));
  let run = 0;
  await fc.assert(
    fc.asyncProperty(tree, tree, tree, fc.boolean(), async (first, second, third, isAhead) => {
      const base = join(home, `run-${run++}`);
      const state = join(base, "state");
      mkdirSync(state, { recursive: true });
      const snapshots = openSnapshotStore({
        folder: join(base, "snapshots"),
        store: openContentStore({ folder: join(base, "store") }),
        clock: { ...systemClock, wallMs: () => systemClock.wallMs() + 10_000 },
      });
      plant(state, first);
      if (isAhead) await snapshots.copyAhead("s", state);
      plant(state, second);
      const original = renderTree(state);
      await snapshots.finish("s", state);
      expect(await snapshots.verify("s")).toEqual({ kind: "intact", how: "restored" });
      rmSync(join(state, "a"), { recursive: true, force: true });
      plant(state, third);
      const changed = renderTree(state);
      const { asideAt } = await snapshots.restore("s", state, join(base, "aside"));
      expect(renderTree(state)).toEqual(original);
      expect(renderTree(asideAt ?? "")).toEqual(changed);
      await removeTree(base);
    }),
    { numRuns: 30 },
  );
});

interface Leaf {
  readonly kind: "file" | "link" | "hard";
  readonly text: string;
  readonly mode: number;
}
type Tree = [string, Leaf | Tree][];

/** On top of what is there: what is in the way goes. */
function plant(folder: string, tree: Tree): void {
  let lastFile: string | undefined;
  for (const [name, what] of tree) {
    const at = join(folder, name);
    if (Array.isArray(what)) {
      if (!lstatSync(at, { throwIfNoEntry: false })?.isDirectory()) rmSync(at, { force: true });
      mkdirSync(at, { recursive: true });
      plant(at, what);
      continue;
    }
    rmSync(at, { recursive: true, force: true });
    if (what.kind === "link") symlinkSync(`x${what.text.replaceAll("\0", "")}`, at);
    else if (what.kind === "hard" && lastFile !== undefined) linkSync(lastFile, at);
    else {
      writeFileSync(at, what.text, { mode: what.mode });
      lastFile = at;
    }
  }
}

const noMount = describeTinyDisk();
describe.skipIf(noMount !== undefined)(`with file systems of their own${noMount === undefined ? "" : ` (${noMount})`}`, () => {
  test("a state folder that is a mount point, killed at each stage, is restored entry by entry", async () => {
    await withTinyDisk(8, async (state) => {
      for (let killAt = 1; ; killAt++) {
        for (const name of readdirSync(state)) rmSync(join(state, name), { recursive: true });
        rmSync(join(home, "snapshots"), { recursive: true, force: true });
        fill(state);
        await store().finish("s", state);
        const original = renderTree(state);
        change(state);
        const changed = renderTree(state).slice(1);
        const gotThrough = await actAndDie(state, "restore", killAt);
        const asideAt = (await store().restore("s", state, join(home, "aside"))).asideAt ?? "";
        expect(renderTree(asideAt).slice(1)).toEqual(changed);
        // Kept in the folder itself, there being no other place on its file system; a later snapshot leaves it out.
        expect(asideAt.startsWith(`${state}/.instar-aside-`)).toBe(true);
        await store().finish("later", state);
        await store().writePart("later", "data", "state", join(home, "later"));
        expect(readdirSync(join(home, "later"))).toEqual(["folder", "link", "one"]);
        rmSync(join(home, "later"), { recursive: true });
        await removeTree(asideAt);
        expect(renderTree(state).slice(1)).toEqual(original.slice(1));
        if (gotThrough) return expect(killAt).toBeGreaterThan(10);
      }
    });
  });

  test("an entry that appears in a mount point meanwhile is neither replaced nor lost", async () => {
    await withTinyDisk(8, async (state) => {
      fill(state);
      const original = renderTree(state);
      await store().finish("s", state);
      const onProgress = (phase: string) => {
        if (phase === "moving-in") writeFileSync(join(state, "one"), "intruder");
      };
      await expect(store().restore("s", state, join(home, "aside"), { onProgress })).rejects.toMatchObject({ code: "CONFLICT" });
      expect(readFileSync(join(state, "one"), "utf8")).toBe("intruder");
      rmSync(join(state, "one"));
      await removeTree((await store().restore("s", state, join(home, "aside"))).asideAt ?? "");
      expect(renderTree(state).slice(1)).toEqual(original.slice(1));
    });
  });

  test("a bind mount has its parent's device and is told apart all the same", async () => {
    const [real, state] = [join(home, "real"), join(home, "state")];
    mkdirSync(real);
    mkdirSync(state);
    fill(real);
    execFileSync("mount", ["--bind", real, state]);
    try {
      const original = renderTree(state);
      await store().finish("s", state);
      change(state);
      await store().restore("s", state, join(home, "aside"));
      await removeTree((await store().restore("s", state, join(home, "aside"))).asideAt ?? "");
      expect(renderTree(state).slice(1)).toEqual(original.slice(1));
    } finally {
      execFileSync("umount", [state]);
    }
  });

  test("a disk too full to build on refuses the restore and keeps the present state", async () => {
    await withTinyDisk(8, async (disk) => {
      const state = join(disk, "state");
      mkdirSync(state);
      writeFileSync(join(state, "big"), Buffer.alloc(4_000_000, 1));
      await store().finish("s", state);
      writeFileSync(join(state, "since"), Buffer.alloc(2_000_000, 2));
      const present = renderTree(state);
      await expect(store().restore("s", state, join(disk, "aside"))).rejects.toMatchObject({ code: "DISK_FULL" });
      expect(renderTree(state)).toEqual(present);
      expect(readdirSync(disk).filter((name) => name.startsWith("."))).toEqual([]);
      rmSync(join(state, "since"));
      await store().restore("s", state, join(disk, "aside"));
      expect(existsSync(join(disk, "aside"))).toBe(true);
    });
  });

  test("a snapshot that does not fit is not whole, and is made so once there is room", async () => {
    await withTinyDisk(8, async (disk) => {
      const state = join(home, "state");
      mkdirSync(state);
      writeFileSync(join(state, "big"), randomBytes(5_000_000));
      const filler = join(disk, "filler");
      writeFileSync(filler, Buffer.alloc(5_000_000, 1));
      const full = openSnapshotStore({ folder: join(disk, "snapshots"), store: openContentStore({ folder: join(disk, "store") }), clock: systemClock });
      await expect(full.finish("s", state)).rejects.toMatchObject({ code: "DISK_FULL" });
      expect(await full.isFinished("s")).toBe(false);
      rmSync(filler);
      await full.finish("s", state);
      expect(await full.verify("s")).toEqual({ kind: "intact", how: "read" });
    });
  });
});
