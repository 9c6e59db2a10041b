// What the commands for signed releases are made of: the room that has the keys, and the server that shows what it published.
import { InstarError } from "@instar/protocol";
import type { TrustParts } from "./faces/cli/trust/trust-parts.ts";
import type { NewestAnswer } from "./faces/registry/answer-registry.ts";
import type { NewestQuestion } from "./faces/registry/parse-newest-question.ts";
import { serveRegistry } from "./faces/registry/serve-registry.ts";
import type { Clock } from "./platform/clock.ts";
import { buildManifest } from "./trust/build-manifest.ts";
import { describeRepository } from "./trust/describe-repository.ts";
import { initRepository } from "./trust/init-repository.ts";
import { nameKeys, planLayout } from "./trust/plan-layout.ts";
import { listTargets, planRelease } from "./trust/plan-release.ts";
import { publishRelease } from "./trust/publish-release.ts";
import { assertSigned, readRepository } from "./trust/read-repository.ts";
import { refreshTimestamp } from "./trust/refresh-timestamp.ts";
import { renderManifest } from "./trust/release-manifest.ts";
import { rotateKeys } from "./trust/rotate-keys.ts";
import { runTufClient } from "./trust/run-tuf-client.ts";
import { discardDraft, signDraft } from "./trust/sign-draft.ts";
import { parsePublicKey } from "./trust/signing-keys.ts";
import { yankRelease } from "./trust/yank-release.ts";

export interface TrustRoomParts {
  readonly clock: Pick<Clock, "wallMs">;
  /** What ends a server; asked for when there is one. */
  readonly stop: () => AbortSignal;
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
}

export function composeTrust({ clock, stop, stdout, stderr }: TrustRoomParts): TrustParts {
  return {
    init: async ({ repository, keys, layout }) => {
      const planned = planLayout(layout);
      return { ...(await initRepository({ folder: repository, keysFolder: keys, layout: planned, clock })), keyFiles: nameKeyFiles(nameKeys(planned)) };
    },
    show: (repository) => describeRepository({ folder: repository, clock }),
    rotate: ({ repository, keys, changes }) =>
      rotateKeys({ folder: repository, keysFolder: keys, changes: changes.map((change) => ({ ...change, add: change.add.map(parsePublicKey) })), clock }),
    sign: ({ repository, keys, draft }) => signDraft({ folder: repository, keysFolder: keys, draft, clock }),
    discard: ({ repository, draft }) => discardDraft({ folder: repository, draft }),
    refresh: ({ repository, keys }) => refreshTimestamp({ folder: repository, keysFolder: keys, clock }),
    describeRelease: async (folder, { component, version, kind, rollback }) =>
      renderManifest(await buildManifest(folder, { component, version, kind, migrations: [], rollbackPlan: { text: rollback, steps: [] } })),
    publish: ({ repository, keys, release, channel, percentage }) =>
      publishRelease({ folder: repository, keysFolder: keys, release, channel, percentage, clock }),
    yank: ({ repository, keys, ...named }) => yankRelease({ folder: repository, keysFolder: keys, ...named, clock }),
    serve: async ({ repository, host, port }, onListening) => {
      // One that is not there is said at once, and not to the first who asks.
      await readRepository(repository);
      const findNewest = (question: NewestQuestion) => findNewestRelease(repository, question, clock.wallMs());
      const face = await serveRegistry({ repository, host, port, findNewest, say: (line) => stderr(`${line}\n`) });
      onListening(face.port);
      await new Promise<void>((ended) => {
        const signal = stop();
        signal.addEventListener("abort", () => ended(), { once: true });
        if (signal.aborted) ended();
      });
      await face.close();
    },
    runTufClient: (argv) => runTufClient(argv, { stdout, stderr }),
  };
}

const nameKeyFiles = (names: ReturnType<typeof nameKeys>) =>
  Object.fromEntries(Object.entries(names).map(([role, each]) => [role, each.map((name) => `${name}.pem`)])) as unknown as ReturnType<typeof nameKeys>;

/**
 * The newest that is offered to all: a client that proves nothing has no place among a hundred. Nothing where the metadata are not signed well or no longer
 * count, since a client that can check would take nothing then either.
 */
async function findNewestRelease(repository: string, { component, channel, current }: NewestQuestion, nowMs: number): Promise<NewestAnswer> {
  const state = await readRepository(repository);
  assertSigned(state);
  const { root, targets, self, snapshot, timestamp } = state;
  if ([root, targets, self, snapshot, timestamp].some(({ signed }) => Date.parse(signed.expires) <= nowMs))
    throw new InstarError("CONFLICT", "the repository's metadata are expired", { advice: "`instar trust show` says which." });
  const releases = [...listTargets("targets", targets.signed), ...listTargets("self", self.signed)];
  const choice = planRelease(releases, component, channel, { current, place: 100, allowsPrereleases: channel !== "stable" });
  if (choice.kind === "none") return choice;
  const { path, sha256, lengthBytes, custom } = choice.release;
  const slash = path.lastIndexOf("/") + 1;
  return { kind: "found", version: custom.version, path: `/targets/${path.slice(0, slash)}${sha256}.${path.slice(slash)}`, sha256, lengthBytes };
}
