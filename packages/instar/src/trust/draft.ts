import { createHash } from "node:crypto";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { InstarError } from "@instar/protocol";
import { z } from "zod";
import { listNames, placesIn, readBytes, type WriteFile } from "./repository-disk.ts";
import { rootDocumentSchema, targetsDocumentSchema } from "./signed-document.ts";

const versionsSchema = z.strictObject({ root: z.int(), targets: z.int(), self: z.int() });

/** Metadata that still lack signatures. Nobody sees them but those who sign. */
const draftSchema = z.strictObject({
  formatVersion: z.literal(1),
  id: z.string().regex(/^[0-9a-f]{12}$/),
  purpose: z.string().max(500),
  createdAt: z.iso.datetime(),
  /** The versions that were published when it was made. */
  base: versionsSchema,
  documents: z.strictObject({ root: rootDocumentSchema.optional(), targets: targetsDocumentSchema.optional(), self: targetsDocumentSchema.optional() }),
  /** Roles whose present keys cannot sign any more; clients then refuse what is there until the new root is written. */
  lost: z.array(z.enum(["targets", "snapshot", "timestamp"])),
});

export type Draft = z.infer<typeof draftSchema>;

export function makeDraft(parts: Omit<Draft, "formatVersion" | "id">): Draft {
  const id = createHash("sha256")
    .update(JSON.stringify([parts.base, parts.lost, Object.values(parts.documents).map((document) => document?.signed)]))
    .digest("hex")
    .slice(0, 12);
  return { formatVersion: 1, id, ...parts };
}

/** Oldest first. @throws InstarError DATA_DAMAGED, PLATFORM_FAILED */
export async function listDrafts(folder: string): Promise<Draft[]> {
  const names = (await listNames(placesIn(folder).drafts)).filter((name) => /^[0-9a-f]{12}\.json$/.test(name));
  const drafts: Draft[] = [];
  for (const name of names) drafts.push(await readDraft(folder, name.slice(0, 12)));
  return drafts.toSorted((one, other) => (one.createdAt < other.createdAt ? -1 : 1));
}

/** @throws InstarError NOT_FOUND, DATA_DAMAGED, PLATFORM_FAILED */
export async function readDraft(folder: string, id: string): Promise<Draft> {
  const path = pathOf(folder, id);
  const bytes = /^[0-9a-f]{12}$/.test(id) ? await readBytes(path) : undefined;
  if (bytes === undefined)
    throw new InstarError("NOT_FOUND", `there is no draft ${JSON.stringify(id.slice(0, 40))}`, { advice: "`instar trust show` lists them." });
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString("utf8"));
  } catch (cause) {
    throw new InstarError("DATA_DAMAGED", `the draft ${id} is not JSON`, { cause, facts: { path } });
  }
  const parsed = draftSchema.safeParse(value);
  if (!parsed.success || parsed.data.id !== id)
    throw new InstarError("DATA_DAMAGED", `the draft ${id} is not as it was written`, { cause: parsed.error, facts: { path } });
  return parsed.data;
}

export async function writeDraft(folder: string, draft: Draft, write: WriteFile): Promise<void> {
  await write(pathOf(folder, draft.id), Buffer.from(`${JSON.stringify(draft, undefined, 1)}\n`));
}

/** One that is gone already is fine. */
export const removeDraft = (folder: string, id: string): Promise<void> => rm(pathOf(folder, id), { force: true });

const pathOf = (folder: string, id: string) => join(placesIn(folder).drafts, `${id}.json`);
