import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { InstarError } from "@instar/protocol";
import { SimulatedClock } from "@instar/testkit";
import { buildManifest } from "./build-manifest.ts";
import { initRepository } from "./init-repository.ts";
import type { Body, RootBody, SnapshotBody, TargetsBody, TimestampBody } from "./metadata-bodies.ts";
import { type ClientQuestion, openTrustedClient } from "./open-trusted-client.ts";
import { planLayout, type TrustLayout } from "./plan-layout.ts";
import { planSnapshot, planTimestamp } from "./plan-metadata.ts";
import { publishRelease } from "./publish-release.ts";
import { type ReleaseAbout, renderManifest } from "./release-manifest.ts";
import { renderDocument, type SignedDocument, signDocument } from "./signed-document.ts";
import { readKeyFolder, type SigningKey } from "./signing-keys.ts";
import type { TrustFloors } from "./trust-floors.ts";

export const DAY_MS = 86_400_000;

export type Answer = Buffer | ((request: IncomingMessage, response: ServerResponse) => void);

/** A repository with keys, a server on 127.0.0.1 that shows it and may misbehave, and clients. Everything is gone after `close`. */
export interface TrustRoom {
  readonly place: string;
  readonly folder: string;
  readonly keysFolder: string;
  readonly clock: SimulatedClock;
  /** Answers by path that stand before the files of the repository. */
  readonly answers: Map<string, Answer>;
  /** Paths that were asked for, in order. */
  readonly asked: string[];
  readonly origin: string;
  readonly shippedRoot: Buffer;
  readonly metadataFolder: string;
  open(more?: Partial<ClientQuestion>): ReturnType<typeof openTrustedClient>;
  /** One refresh of a client that remembers nothing but what it is given. */
  refresh(floors?: TrustFloors | null): Promise<TrustFloors>;
  makeRelease(about?: Partial<ReleaseAbout>, files?: Readonly<Record<string, string>>): Promise<string>;
  publish(version: string, more?: Partial<Parameters<typeof publishRelease>[0]>): ReturnType<typeof publishRelease>;
  keys(...names: string[]): Promise<SigningKey[]>;
  /** The repository's metadata as they are now, to be put back later. */
  copy(): string;
  restore(copy: string): void;
  read<B extends Body = TargetsBody>(name: string): SignedDocument<B>;
  close(): Promise<void>;
}

export async function makeTrustRoom(layout: Parameters<typeof planLayout>[0] = {}, clock = new SimulatedClock()): Promise<TrustRoom> {
  const place = mkdtempSync(join(tmpdir(), "instar-trust-"));
  const folder = join(place, "repository");
  const keysFolder = join(place, "keys");
  const metadataFolder = join(place, "client");
  const answers = new Map<string, Answer>();
  const asked: string[] = [];
  await initRepository({ folder, keysFolder, layout: planLayout(layout) as TrustLayout, clock });
  const shippedRoot = readFileSync(join(folder, "metadata", "1.root.json"));
  const server = createServer((request, response) => {
    const path = decodeURI(request.url ?? "/").slice(1);
    asked.push(path);
    const answer = answers.get(path);
    if (typeof answer === "function") return answer(request, response);
    const file = join(folder, path);
    if (answer === undefined && (!existsSync(file) || !statSync(file).isFile())) return response.writeHead(404).end();
    response.end(answer ?? readFileSync(file));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  let releases = 0;

  const room: TrustRoom = {
    place,
    folder,
    keysFolder,
    clock,
    answers,
    asked,
    origin,
    shippedRoot,
    metadataFolder,
    open: (more = {}) =>
      openTrustedClient({ metadataFolder, shippedRoot, metadataUrl: `${origin}/metadata`, targetUrl: `${origin}/targets`, floors: null, clock, ...more }),
    refresh: async (floors = null) => (await room.open({ floors }).refresh()).floors,
    makeRelease: async (about = {}, files = { "index.js": "run", "lib/part.js": "part" }) => {
      const made = join(place, `release-${++releases}`);
      for (const [path, body] of Object.entries(files)) {
        mkdirSync(dirname(join(made, path)), { recursive: true });
        writeFileSync(join(made, path), body);
      }
      const manifest = await buildManifest(made, { ...ABOUT, ...about });
      writeFileSync(join(made, "release.json"), renderManifest(manifest));
      return made;
    },
    publish: async (version, more = {}) =>
      publishRelease({
        folder,
        keysFolder,
        release: await room.makeRelease({ version }, { "index.js": `version ${version}` }),
        channel: "stable",
        clock,
        ...more,
      }),
    keys: async (...names) => (await readKeyFolder(keysFolder)).filter(({ name }) => names.includes(name)),
    copy: () => {
      const copy = join(place, `copy-${++releases}`);
      cpSync(join(folder, "metadata"), copy, { recursive: true });
      return copy;
    },
    restore: (copy) => {
      rmSync(join(folder, "metadata"), { recursive: true });
      cpSync(copy, join(folder, "metadata"), { recursive: true });
    },
    read: (name) => JSON.parse(readFileSync(join(folder, "metadata", name), "utf8")),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      rmSync(place, { recursive: true, force: true });
    },
  };
  return room;
}

export const ABOUT: ReleaseAbout = {
  component: "agent",
  version: "1.0.0",
  kind: "agent",
  migrations: [],
  rollbackPlan: { text: "put the old one back", steps: ["stop", "exchange"] },
};

/**
 * What somebody who holds some of the keys can publish: these changes to the newest metadata, signed by the keys of these names, below consistent snapshot and
 * timestamp.
 */
export async function forge(room: TrustRoom, changes: Forgery): Promise<void> {
  const names = readdirSync(join(room.folder, "metadata"));
  const newest = (role: string) => `${Math.max(...names.flatMap((name) => (name.endsWith(`.${role}.json`) ? [Number.parseInt(name, 10)] : [])))}.${role}.json`;
  const put = (path: string, document: SignedDocument) => writeFileSync(join(room.folder, "metadata", path), renderDocument(document));
  const nowMs = room.clock.wallMs();
  const sign = async <B extends Body>(signed: B, signers: readonly string[]) => signDocument({ signed, signatures: [] }, await room.keys(...signers));

  if (changes.root !== undefined) {
    const last = room.read<RootBody>(newest("root"));
    const root = await sign(changes.root({ ...last.signed, version: last.signed.version + 1 }), changes.rootSigners ?? ["root-1", "root-2", "root-3"]);
    put(`${root.signed.version}.root.json`, root);
  }
  let targets = room.read<TargetsBody>(newest("targets"));
  let self = room.read<TargetsBody>(newest("self"));
  if (changes.targets !== undefined) {
    targets = await sign(changes.targets({ ...targets.signed, version: targets.signed.version + 1 }), changes.targetsSigners ?? ["release", "gate"]);
    put(`${targets.signed.version}.targets.json`, targets);
  }
  if (changes.self !== undefined) {
    self = await sign(changes.self({ ...self.signed, version: self.signed.version + 1 }), changes.selfSigners ?? ["self-1", "self-2"]);
    put(`${self.signed.version}.self.json`, self);
  }
  for (const [name, document] of Object.entries(changes.more ?? {})) put(name, await document());
  const last = room.read<SnapshotBody>(newest("snapshot")).signed;
  const planned = planSnapshot(targets, self, { version: last.version + 1, nowMs });
  const snapshot = await sign((changes.snapshot ?? same)(planned), changes.snapshotSigners ?? ["snapshot"]);
  put(`${snapshot.signed.version}.snapshot.json`, snapshot);
  const before = room.read<TimestampBody>("timestamp.json").signed;
  const timestamp = await sign(
    (changes.timestamp ?? same)(planTimestamp(snapshot, { version: before.version + 1, nowMs })),
    changes.timestampSigners ?? ["timestamp"],
  );
  put("timestamp.json", timestamp);
}

const same = <B>(body: B): B => body;

export interface Forgery {
  readonly root?: (root: RootBody) => RootBody;
  readonly rootSigners?: readonly string[];
  readonly targets?: (targets: TargetsBody) => TargetsBody;
  readonly targetsSigners?: readonly string[];
  readonly self?: (self: TargetsBody) => TargetsBody;
  readonly selfSigners?: readonly string[];
  readonly snapshot?: (snapshot: SnapshotBody) => SnapshotBody;
  readonly snapshotSigners?: readonly string[];
  readonly timestamp?: (timestamp: TimestampBody) => TimestampBody;
  readonly timestampSigners?: readonly string[];
  readonly more?: Readonly<Record<string, () => Promise<SignedDocument>>>;
}

/** Every file below a folder with its bytes: to see that nothing changed. */
export function listFiles(folder: string): Record<string, string> {
  if (!existsSync(folder)) return {};
  const found = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((path) => statSync(join(folder, path)).isFile());
  return Object.fromEntries(found.toSorted().map((path) => [path, readFileSync(join(folder, path), "latin1")]));
}

export const codeOf = (act: () => Promise<unknown>): Promise<unknown> =>
  act().then(
    () => "done",
    (error: unknown) => (InstarError.is(error) ? error.code : error),
  );

/** A folder that holds only these keys, as one of the signers has it. */
export function makeHolder({ place, keysFolder }: TrustRoom, ...names: string[]): string {
  const folder = join(place, `holder-${names.join("-") || "none"}`);
  mkdirSync(folder, { recursive: true });
  for (const name of names) cpSync(join(keysFolder, `${name}.pem`), join(folder, `${name}.pem`));
  return folder;
}
