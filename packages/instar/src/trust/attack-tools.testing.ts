import { readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { InstarError } from "@instar/protocol";
import { expect } from "vitest";
import type { RootBody, SnapshotBody, TargetsBody } from "./metadata-bodies.ts";
import type { ReleasePolicy, ReleaseTarget } from "./plan-release.ts";
import { keyIdOf, type SigningKey } from "./signing-keys.ts";
import { forge, listFiles, type TrustRoom } from "./trust-room.testing.ts";

export const FRESH: ReleasePolicy = { current: null, place: 0 };

export async function caught(act: () => Promise<unknown>): Promise<InstarError> {
  const error = await act().then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!InstarError.is(error)) throw new Error("it was accepted, or failed otherwise", { cause: error });
  return error;
}

/** What attacks on a room's clients are made of. The room is asked for each time: every test has its own. */
export function makeAttackTools(roomNow: () => TrustRoom) {
  /** The lock says nothing of what is believed. */
  const listMetadata = () => Object.fromEntries(Object.entries(listFiles(roomNow().metadataFolder)).filter(([name]) => !name.startsWith("lock")));
  return {
    listMetadata,
    /** Refused for this reason, and the folder is as it was. */
    async expectRefused(reason: string | RegExp, act: () => Promise<unknown>): Promise<InstarError> {
      const before = listMetadata();
      const error = await caught(act);
      expect({ code: error.code, reason: error.facts.reason }).toEqual({ code: "PACKAGE_REFUSED", reason: expect.stringMatching(reason) });
      expect(listMetadata()).toEqual(before);
      return error;
    },
    async findRelease(version: string, component = "agent", channel = "stable"): Promise<{ client: ReturnType<TrustRoom["open"]>; release: ReleaseTarget }> {
      const client = roomNow().open();
      await client.refresh();
      const found = client.findRelease(component, channel, { ...FRESH, version });
      if (found.kind === "none") throw new Error(found.because);
      return { client, release: found.release };
    },
    downloads: () => join(roomNow().place, "downloads"),
    wipe: () => rmSync(roomNow().metadataFolder, { recursive: true, force: true }),
    /** Puts other bytes in the place of a file, with a snapshot and a timestamp that name them. */
    async publishAltered(name: string, bytes: Buffer): Promise<void> {
      writeFileSync(join(roomNow().folder, "metadata", name), bytes);
      await forge(roomNow(), { snapshot: (snapshot) => ({ ...snapshot, meta: { ...snapshot.meta, "targets.json": { version: 2 } } }) });
    },
    newestRoot(): RootBody {
      const names = readdirSync(join(roomNow().folder, "metadata")).filter((name) => name.endsWith(".root.json"));
      return roomNow().read<RootBody>(`${Math.max(...names.map((name) => Number.parseInt(name, 10)))}.root.json`).signed;
    },
    accepted: () => ({
      root: roomNow().read<RootBody>("1.root.json").signed,
      snapshot: roomNow().read<SnapshotBody>("1.snapshot.json").signed,
      targets: roomNow().read("1.targets.json").signed,
      self: roomNow().read("1.self.json").signed,
    }),
  };
}

export const blobOf = ({ path, sha256 }: ReleaseTarget) => `targets/${path.replace(/([^/]+)$/, `${sha256}.$1`)}`;

export function moveTarget({ targets }: TargetsBody, from: string, to: string, custom: Record<string, unknown>): TargetsBody["targets"] {
  const { [from]: moved, ...others } = targets;
  if (moved === undefined) throw new Error(`${from} is not listed`);
  return { ...others, [to]: { ...moved, custom: { ...(moved.custom as object), ...custom } } };
}

export function handOn({ delegations, ...targets }: TargetsBody, name: string, paths = ["self/*"]): TargetsBody {
  const [self] = delegations?.roles ?? [];
  if (delegations === undefined || self === undefined) throw new Error("nothing is handed on");
  return { ...targets, delegations: { ...delegations, roles: [{ ...self, name, paths }, ...delegations.roles] } };
}

export function takeOver(root: RootBody, { publicKey }: SigningKey): RootBody {
  const keyId = keyIdOf(publicKey);
  return { ...root, keys: { ...root.keys, [keyId]: publicKey }, roles: { ...root.roles, root: { keyids: [keyId], threshold: 1 } } };
}
