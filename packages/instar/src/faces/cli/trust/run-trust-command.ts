import { isAbsolute, relative, resolve } from "node:path";
import { InstarError } from "@instar/protocol";
import { readShortFile } from "./read-short-file.ts";
import { renderMade, renderOutcome, renderRepository, renderVersions } from "./render-trust.ts";
import type { AskedChange, TrustParts } from "./trust-parts.ts";
import type { TrustQuestion, TypedChange } from "./trust-question.ts";
import { withDescribedRelease } from "./with-described-release.ts";

export interface TrustCommandRoom {
  readonly parts: TrustParts;
  /** What relative paths count from. */
  readonly cwd: string;
  /** What follows `tuf-client`, as it was typed. */
  readonly clientArgv: readonly string[];
  /** Told once what came of it: as JSON, or as these words. */
  readonly answer: (value: object, words: string) => void;
}

/** Signatures of other people are wanted before anybody sees it. */
const A_PERSON_IS_NEEDED = 6;

/** @returns the exit status. @throws InstarError as the part of `TrustParts` that is asked */
export async function runTrustCommand({ parts, cwd, clientArgv, answer }: TrustCommandRoom, typed: TrustQuestion): Promise<number> {
  if (typed.kind === "tuf-client") return parts.runTufClient(clientArgv);
  const at = (path: string) => resolve(cwd, path);
  const repository = at(typed.repository);
  switch (typed.kind) {
    case "init": {
      const keys = at(typed.keys);
      assertOutside(repository, keys);
      const made = await parts.init({ repository, keys, layout: typed.layout });
      answer({ repository, keys, ...made }, renderMade({ repository, keys, made }));
      return 0;
    }
    case "show": {
      const view = await parts.show(repository);
      answer({ repository, ...view }, renderRepository(view));
      return 0;
    }
    case "rotate": {
      const changes = typed.change === null ? [] : [await readChange(typed.change, at)];
      return end(await parts.rotate({ repository, keys: at(typed.keys), changes }), "the new keys count");
    }
    case "sign":
      return end(await parts.sign({ repository, keys: at(typed.keys), draft: typed.draft }), `the draft ${typed.draft} is published`);
    case "discard":
      await parts.discard({ repository, draft: typed.draft });
      answer({ repository, discarded: typed.draft }, `threw the draft ${typed.draft} away; nobody saw it`);
      return 0;
    case "refresh": {
      const versions = await parts.refresh({ repository, keys: at(typed.keys) });
      answer({ repository, versions }, `said once more that this is the newest: ${renderVersions(versions)}`);
      return 0;
    }
    case "publish": {
      const { channel, percentage } = typed;
      const asked = { repository, keys: at(typed.keys), channel, percentage };
      const outcome = await withDescribedRelease({ release: at(typed.release), flags: typed.flags }, parts, (release) => parts.publish({ ...asked, release }));
      return end(outcome, `${outcome.path} is published (sha256 ${outcome.sha256})`);
    }
    case "yank": {
      const { component, version, channel, because, removes } = typed;
      const outcome = await parts.yank({ repository, keys: at(typed.keys), component, version, channel, reason: because, removes });
      return end(outcome, `${outcome.path} is ${removes ? "not listed any more" : "taken back"}`);
    }
    case "serve": {
      const { host, port } = typed;
      await parts.serve({ repository, host, port }, (chosen) => {
        const url = `http://${host.includes(":") ? `[${host}]` : host}:${chosen}`;
        answer({ repository, host, port: chosen, url }, `serves ${repository} at ${url}; agents ask ${url}/metadata and ${url}/targets`);
      });
      return 0;
    }
    default:
      return typed satisfies never;
  }

  function end(outcome: Awaited<ReturnType<TrustParts["rotate"]>>, published: string): number {
    answer({ repository, ...outcome }, renderOutcome(outcome, published));
    return outcome.kind === "published" ? 0 : A_PERSON_IS_NEEDED;
  }
}

/** Whoever copies or serves the repository must not have the keys with it. */
function assertOutside(repository: string, keys: string): void {
  const way = relative(repository, keys);
  if (way === "" || (way !== ".." && !/^\.\.[\\/]/.test(way) && !isAbsolute(way)))
    throw new InstarError("INPUT_INVALID", "the keys would lie inside the repository, which everybody may read", {
      advice: "Name a folder outside of it with --keys.",
    });
}

const LONGEST_KEY_BYTES = 16_384;

async function readChange({ add, ...change }: TypedChange, at: (path: string) => string): Promise<AskedChange> {
  const keys: string[] = [];
  for (const path of add) {
    const pem = await readShortFile(at(path), LONGEST_KEY_BYTES);
    if (pem === undefined) throw new InstarError("NOT_FOUND", `there is no file ${at(path)}`, { facts: { path: at(path) } });
    keys.push(pem);
  }
  return { ...change, add: keys };
}
