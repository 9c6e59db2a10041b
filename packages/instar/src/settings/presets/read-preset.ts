import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { InstarError } from "@instar/protocol";
import { planOpenClawPreset } from "./plan-openclaw-preset.ts";
import type { Preset } from "./preset.ts";

const PRESETS = { openclaw: planOpenClawPreset } as const;

/** @throws InstarError INPUT_INVALID for a name that is no preset's */
export async function readPreset(name: string, folder: string): Promise<Preset> {
  if (!Object.hasOwn(PRESETS, name))
    throw new InstarError("INPUT_INVALID", `there is no preset called '${name}'`, {
      facts: { preset: name },
      advice: `There are: ${Object.keys(PRESETS).join(", ")}. Without --preset \`instar init\` looks around by itself.`,
    });
  const programs = join(ownBin(), name);
  return PRESETS[name as keyof typeof PRESETS]({
    folder: resolve(folder),
    programs,
    start: await readFile(join(programs, "agent", "start.mjs"), "utf8"),
    secret: randomBytes(24).toString("base64url"),
    isRepository: isInRepository(resolve(folder)),
    isPinned: existsSync(join(folder, "package-lock.json")),
  });
}

/** Beside the program in a package, further up beside the sources. */
function ownBin(): string {
  return ["../bin", "../../../bin"].map((place) => resolve(import.meta.dirname, place)).find((place) => existsSync(join(place, "openclaw"))) ?? "bin";
}

function isInRepository(folder: string): boolean {
  for (let at = folder; ; at = resolve(at, "..")) {
    if (existsSync(join(at, ".git"))) return true;
    if (at === resolve(at, "..")) return false;
  }
}
