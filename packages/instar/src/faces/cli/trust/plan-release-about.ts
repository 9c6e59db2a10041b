import { InstarError } from "@instar/protocol";
import { z } from "zod";
import type { ReleaseAbout } from "./trust-parts.ts";
import type { ReleaseFlags } from "./trust-question.ts";

const packageSchema = z.looseObject({ name: z.string().optional(), version: z.string().optional() });

/**
 * What a folder without a release.json is: as the flags say, and where they are silent as its package.json does.
 * @param packageJson its text; undefined where there is none
 * @throws InstarError INPUT_INVALID where something is said by neither
 */
export function planReleaseAbout(flags: ReleaseFlags, packageJson: string | undefined): ReleaseAbout {
  const { name, version } = packageJson === undefined ? {} : parsePackage(packageJson);
  return {
    // A scope is who publishes to a registry, which here the keys say.
    component: flags.component ?? name?.replace(/^@[^/]*\//, "") ?? missing("component", "what it is called, as in --component agent"),
    version: flags.version ?? version ?? missing("version", "its version, as in --version 1.2.3"),
    kind: flags.kind ?? "agent",
    rollback: flags.rollback ?? missing("rollback", 'how one goes back from it, as in --rollback "put the release before it back"'),
  };
}

function parsePackage(text: string): z.infer<typeof packageSchema> {
  try {
    return packageSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new InstarError("INPUT_INVALID", "its package.json cannot be read as one", {
      cause,
      advice: "Say --component and --version, and remove it or mend it.",
    });
  }
}

function missing(flag: string, what: string): never {
  throw new InstarError("INPUT_INVALID", `the release has no release.json, and --${flag} is missing`, { advice: `Say ${what}.` });
}
