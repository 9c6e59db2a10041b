import { join } from "node:path";
import { InstarError } from "@instar/protocol";
import type { z } from "zod";
import { type RootBody, SELF, type SnapshotBody, type TargetsBody, type TimestampBody } from "./metadata-bodies.ts";
import { listNames, placesIn, readBytes } from "./repository-disk.ts";
import {
  isSigned,
  rootDocumentSchema,
  ruleOfDelegation,
  ruleOfRoot,
  type SignedDocument,
  snapshotDocumentSchema,
  targetsDocumentSchema,
  timestampDocumentSchema,
} from "./signed-document.ts";

export interface RepositoryState {
  readonly root: SignedDocument<RootBody>;
  readonly targets: SignedDocument<TargetsBody>;
  readonly self: SignedDocument<TargetsBody>;
  readonly snapshot: SignedDocument<SnapshotBody>;
  readonly timestamp: SignedDocument<TimestampBody>;
  /** The highest version on disk of each, files that nothing refers to included: no number is given twice. */
  readonly taken: Readonly<Record<"targets" | "self" | "snapshot", number>>;
  /** Set where a rotation that gave up old keys was cut short: the root is new and the rest is not, or the other way round. */
  readonly unsigned: readonly ("targets" | "self" | "snapshot" | "timestamp")[];
}

/**
 * What clients would be told now: from the timestamp to the targets, and the newest root.
 *
 * @throws InstarError NOT_FOUND where there is no repository, DATA_DAMAGED where a file is not what was written, PLATFORM_FAILED
 */
export async function readRepository(folder: string): Promise<RepositoryState> {
  const { metadata } = placesIn(folder);
  const names = await listNames(metadata);
  if (!names.includes("timestamp.json"))
    throw new InstarError("NOT_FOUND", `there is no repository in ${folder}`, { advice: "`instar trust init` makes one." });
  const read = <T extends z.ZodType>(name: string, schema: T) => readDocument(join(metadata, name), schema);
  const root = await read(`${highestVersion(names, "root")}.root.json`, rootDocumentSchema);
  const timestamp = await read("timestamp.json", timestampDocumentSchema);
  const snapshot = await read(`${timestamp.signed.meta["snapshot.json"].version}.snapshot.json`, snapshotDocumentSchema);
  const targets = await read(`${versionIn(snapshot.signed, "targets.json")}.targets.json`, targetsDocumentSchema);
  const self = await read(`${versionIn(snapshot.signed, `${SELF}.json`)}.${SELF}.json`, targetsDocumentSchema);
  if (!isSigned(root, ruleOfRoot(root.signed, "root"))) throw damaged(join(metadata, `${root.signed.version}.root.json`), "has too few good signatures");
  const taken = { targets: highestVersion(names, "targets"), self: highestVersion(names, SELF), snapshot: highestVersion(names, "snapshot") };
  const state = { root, targets, self, snapshot, timestamp, taken };
  return { ...state, unsigned: findUnsigned(state) };
}

function findUnsigned({ root, targets, self, snapshot, timestamp }: Omit<RepositoryState, "unsigned">): RepositoryState["unsigned"] {
  const delegation = ruleOfDelegation(targets.signed, SELF);
  const isGood = {
    targets: isSigned(targets, ruleOfRoot(root.signed, "targets")),
    self: delegation !== undefined && isSigned(self, delegation),
    snapshot: isSigned(snapshot, ruleOfRoot(root.signed, "snapshot")),
    timestamp: isSigned(timestamp, ruleOfRoot(root.signed, "timestamp")),
  };
  return (["targets", "self", "snapshot", "timestamp"] as const).filter((role) => !isGood[role]);
}

/** @throws InstarError DATA_DAMAGED where roles are not signed by the keys that count */
export function assertSigned({ unsigned }: RepositoryState): void {
  if (unsigned.length > 0)
    throw new InstarError("DATA_DAMAGED", `the repository's ${unsigned.join(" and ")} lack good signatures of the keys that count`, {
      facts: { roles: [...unsigned] },
      advice: "If a rotation of keys was cut short, sign its draft once more; otherwise put the files back from a copy.",
    });
}

async function readDocument<T extends z.ZodType>(path: string, schema: T): Promise<z.infer<T>> {
  const bytes = await readBytes(path);
  if (bytes === undefined) throw damaged(path, "is missing");
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString("utf8"));
  } catch {
    throw damaged(path, "is not JSON");
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success)
    throw damaged(path, `is not as it was written (${parsed.error.issues[0]?.path.join(".") ?? "top"}: ${parsed.error.issues[0]?.message ?? ""})`);
  return parsed.data;
}

function versionIn(snapshot: SnapshotBody, name: string): number {
  const version = snapshot.meta[name]?.version;
  if (version === undefined) throw new InstarError("DATA_DAMAGED", `the repository's snapshot does not name ${name}`);
  return version;
}

/** 0 where there is none. */
function highestVersion(names: readonly string[], role: string): number {
  const versions = names.flatMap((name) => {
    const [, digits, named] = /^([1-9]\d{0,14})\.(.+)\.json$/.exec(name) ?? [];
    return named === role ? [Number(digits)] : [];
  });
  return Math.max(0, ...versions);
}

const damaged = (path: string, because: string) => new InstarError("DATA_DAMAGED", `${path} ${because}`, { facts: { path } });
