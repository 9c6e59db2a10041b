import { createHash, randomBytes } from "node:crypto";
import { constants, existsSync } from "node:fs";
import { open, readdir, readFile, stat } from "node:fs/promises";
import { isAbsolute, join, resolve } from "node:path";
import { InstarError } from "@instar/protocol";
import { explainFileError, readJsonFile } from "../platform/durable-files.ts";
import type { Change } from "./change.ts";
import type { Edit, EditPlan } from "./edit.ts";
import { type EditDisk, realEditDisk } from "./edit-disk.ts";
import type { PlannedEdit } from "./plan-edits.ts";
import { LARGEST_FILE_BYTES } from "./read-live-file.ts";

/** What was worked out before anything was written: the edits, and by `before` their inverse. */
export interface Prepared {
  readonly changes: readonly Change[];
  readonly needless: readonly string[];
}

/** By the file system's own clock: older than the newest change of the folder that holds all edits. */
const STALE_MS = 3_600_000;

/**
 * What is known of edits, in a folder of their own inside Instar's data folder, since configuration holds secrets:
 *
 *     plan.json      what was asked for; written last of the asking
 *     asked/<n>      the content of its nth edit
 *     prepared.json  what each file is and will be; written after new/
 *     new/<n>        the bytes of the nth change
 *     kept.json      that the inverse is whole; written after old/
 *     old/<n>        the bytes that the nth change takes away
 *     begun/<n>      that the nth change may have been made; written before it
 */
export class EditStore {
  readonly #folder: string;
  readonly #disk: EditDisk;

  /** @param dataFolder the instance's */
  constructor(dataFolder: string, disk: EditDisk = realEditDisk) {
    this.#folder = join(dataFolder, "edits");
    this.#disk = disk;
  }

  /**
   * Puts a plan down, with all its content, before an update of it begins. A crash before the end leaves a folder that no update names: it is swept.
   * @param base where relative paths of `from` count from; null where nobody said
   * @returns its id
   */
  async stage(plan: EditPlan, base: string | null): Promise<string> {
    const id = randomBytes(6).toString("hex");
    await this.#disk.makePrivateFolder(this.#path(id, "asked"));
    const edits: Edit[] = [];
    for (const [index, edit] of plan.edits.entries()) {
      if (edit.kind === "file-write") {
        await this.#disk.record(this.#path(id, "asked", String(index)), await this.readContent(edit, base));
        edits.push({ ...edit, content: { staged: join(id, "asked", String(index)) } });
      } else edits.push(edit);
    }
    await this.#disk.record(this.#path(id, "plan.json"), JSON.stringify({ format: 1, ...plan, edits }));
    return id;
  }

  async readPlan(id: string): Promise<EditPlan> {
    return this.#read<EditPlan>(id, "plan.json");
  }

  /** @throws InstarError INPUT_INVALID where a file that the plan names cannot be read */
  async readContent(edit: Edit & { kind: "file-write" }, base: string | null): Promise<Buffer> {
    const { content } = edit;
    if ("text" in content) return Buffer.from(content.text);
    if ("base64" in content) return Buffer.from(content.base64, "base64");
    if ("staged" in content) return await readStored(join(this.#folder, content.staged));
    if (base === null && !isAbsolute(content.from))
      throw new InstarError("INPUT_INVALID", `${edit.path}: \`from\` is relative, and nobody said from where`, { advice: "Name a whole path." });
    return readFrom(resolve(base ?? "/", content.from), edit.path);
  }

  async writePrepared(id: string, changes: readonly PlannedEdit[], needless: readonly string[]): Promise<void> {
    await this.#disk.makePrivateFolder(this.#path(id, "new"));
    for (const [index, { bytes }] of changes.entries()) if (bytes !== undefined) await this.#disk.record(this.#path(id, "new", String(index)), bytes);
    await this.#disk.record(this.#path(id, "prepared.json"), JSON.stringify({ format: 1, changes: changes.map(({ change }) => change), needless }));
  }

  async readPrepared(id: string): Promise<Prepared> {
    return this.#read<Prepared>(id, "prepared.json");
  }

  readNew(id: string, index: number): Promise<Buffer> {
    return readStored(this.#path(id, "new", String(index)));
  }

  /** @param old what each change takes away, by its place; undefined where it takes nothing */
  async writeKept(id: string, old: readonly (Buffer | undefined)[]): Promise<void> {
    await this.#disk.makePrivateFolder(this.#path(id, "old"));
    const hash = createHash("sha256");
    for (const [index, bytes] of old.entries()) {
      if (bytes === undefined) continue;
      await this.#disk.record(this.#path(id, "old", String(index)), bytes);
      hash.update(`${index} ${bytes.length}\n`).update(bytes);
    }
    await this.#disk.record(this.#path(id, "kept.json"), JSON.stringify({ format: 1, digest: `sha256:${hash.digest("hex")}` }));
  }

  /** Whether the inverse is whole on disk: before that no edit is made. */
  async isKept(id: string): Promise<boolean> {
    return (await readJsonFile(this.#path(id, "kept.json"))) !== undefined;
  }

  async markBegun(id: string, index: number): Promise<void> {
    await this.#disk.makePrivateFolder(this.#path(id, "begun"));
    await this.#disk.record(this.#path(id, "begun", String(index)), "");
  }

  async isBegun(id: string, index: number): Promise<boolean> {
    return existsSync(this.#path(id, "begun", String(index)));
  }

  readOld(id: string, index: number): Promise<Buffer> {
    return readStored(this.#path(id, "old", String(index)));
  }

  /** Where a content is, for a plan that uses it again. */
  placeOfOld = (id: string, index: number): string => join(id, "old", String(index));

  /** What is only needed on the way forward. */
  async removeNew(id: string): Promise<void> {
    await this.#disk.removeTree(this.#path(id, "asked"));
    await this.#disk.removeTree(this.#path(id, "new"));
  }

  async remove(id: string): Promise<void> {
    await this.#disk.removeTree(this.#path(id));
  }

  /** Whether what was asked for lies here for longer than any asking takes. */
  async isStale(id: string): Promise<boolean> {
    const { mtimeMs } = await stat(this.#path(id));
    const { mtimeMs: newestMs } = await stat(this.#folder);
    return newestMs - mtimeMs > STALE_MS;
  }

  async list(): Promise<string[]> {
    return readdir(this.#folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return [];
      throw explainFileError(error, `could not read ${this.#folder}`);
    });
  }

  async #read<Record>(id: string, name: string): Promise<Record> {
    const found = (await readJsonFile(this.#path(id, name))) as { format?: unknown } | undefined;
    if (found?.format !== 1) throw new InstarError("DATA_DAMAGED", `${this.#path(id, name)} is not what Instar wrote`, { facts: { edits: id } });
    return found as unknown as Record;
  }

  #path(id: string, ...names: readonly string[]): string {
    return join(this.#folder, id, ...names);
  }
}

async function readStored(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    throw explainFileError(error, `could not read ${path}`);
  }
}

async function readFrom(path: string, forPath: string): Promise<Buffer> {
  const mistaken = (because: string, cause?: unknown) => new InstarError("INPUT_INVALID", `${forPath}: \`from\` ${because}: ${path}`, { cause });
  // A pipe would be waited on for ever.
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch((cause: unknown) => {
    throw mistaken("cannot be read", cause);
  });
  try {
    const found = await file.stat();
    if (!found.isFile()) throw mistaken("is no plain file");
    if (found.size > LARGEST_FILE_BYTES) throw mistaken(`is larger than ${LARGEST_FILE_BYTES / 1_048_576} MiB`);
    return await file.readFile();
  } finally {
    await file.close();
  }
}
