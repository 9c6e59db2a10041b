import { existsSync, writeFileSync } from "node:fs";
import { chmod, lstat, mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CrashPoints } from "@instar/testkit";
import { type EditDisk, realEditDisk } from "./edit-disk.ts";
import { Edits } from "./edits.ts";
import { parseEditPlan } from "./parse-edit-plan.ts";

/** Where a sync costs nothing: these tests make thousands, and cut the power in another way. */
const MEMORY = "/dev/shm";

/** An agent's folder with configuration in it, and an instance's data folder, on a real disk. */
export class EditWorld {
  readonly agent: string;
  readonly data: string;
  readonly #root: string;

  private constructor(root: string) {
    this.#root = root;
    this.agent = join(root, "agent");
    this.data = join(root, "data");
  }

  /** @param inside a folder to make it in; one of its own where none is named */
  static async create(inside = existsSync(MEMORY) ? MEMORY : tmpdir()): Promise<EditWorld> {
    const world = new EditWorld(await mkdtemp(join(inside, "instar-edits-")));
    await mkdir(join(world.agent, "config"), { recursive: true });
    await mkdir(world.data);
    return world;
  }

  edits(disk?: EditDisk, listed: readonly string[] = ["config", ".env"], sealed: readonly string[] = []): Edits {
    const listSealed = async () => sealed.map((path) => join(this.agent, path));
    return new Edits({ settingsFolder: this.agent, listed, dataFolder: this.data }, disk, listSealed);
  }

  /** Stages, prepares and keeps: all that comes before the first write. */
  async prepared(plan: string, edits = this.edits()): Promise<string> {
    const id = await edits.store.stage(parseEditPlan(plan), this.agent);
    const planned = await edits.prepare(id);
    if (planned.kind === "refused") throw new Error(planned.because);
    const changed = await edits.keep(id);
    if (changed !== undefined) throw new Error(changed);
    return id;
  }

  /** Past the disk that a test watches. */
  writeAsPerson(path: string, text: string): void {
    writeFileSync(join(this.agent, path), text);
  }

  read(path: string): Promise<string> {
    return readFile(join(this.agent, path), "utf8");
  }

  /** Every entry of the agent's folder with its mode and content, what is aside too. */
  async look(): Promise<Record<string, string>> {
    const found: Record<string, string> = {};
    for (const name of (await readdir(this.agent, { recursive: true })).sort()) {
      const path = join(this.agent, name);
      const stat = await lstat(path);
      found[name] = `${(stat.mode & 0o7777).toString(8)} ${stat.isFile() ? `${Math.floor(stat.mtimeMs)} ${await readFile(path, "latin1")}` : "-"}`;
    }
    return found;
  }

  async end(): Promise<void> {
    await chmod(join(this.agent, "config"), 0o755).catch(() => undefined);
    await rm(this.#root, { recursive: true, force: true });
  }
}

/** A process that can be killed after each write. */
export function crashingDisk(crashes: CrashPoints): EditDisk {
  return wrapDisk(async (name, write) => {
    crashes.assertAlive();
    await write();
    crashes.pass(name);
  });
}

/** A disk that fails its nth write, before it is done or after. */
export function failingDisk(number: number, how: "failed" | "failed but persisted", code: string): EditDisk & { readonly hasFailed: () => boolean } {
  let left = number;
  let hasFailed = false;
  const disk = wrapDisk(async (name, write) => {
    const fails = left === 0;
    left -= 1;
    if (!fails) return write();
    hasFailed = true;
    if (how === "failed but persisted") await write();
    throw Object.assign(new Error(`${code}: ${name}`), { code });
  });
  return { ...disk, hasFailed: () => hasFailed };
}

function wrapDisk(around: (name: string, write: () => Promise<void>) => Promise<void>): EditDisk {
  const entries = Object.entries(realEditDisk).map(([name, write]) => [
    name,
    (...args: unknown[]) => around(name, () => (write as (...args: unknown[]) => Promise<void>)(...args)),
  ]);
  return Object.fromEntries(entries) as EditDisk;
}
