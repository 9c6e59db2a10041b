import { join } from "node:path";
import type { RehearsalFinding } from "@instar/protocol";
import { readJsonPointer } from "../../platform/read-json-pointer.ts";
import { planCommand } from "../../settings/plan-command.ts";
import type { Settings } from "../../settings/settings.ts";
import { planConfinement } from "../confine-jobs.ts";
import type { StepRooms } from "../step-rooms.ts";
import type { RehearsalPlace } from "./plan-rehearsal-place.ts";

export type PreflightWord = "exact" | "migrates" | "incompatible" | "unknown";

export interface PreflightAnswer {
  readonly word: PreflightWord;
  readonly because: string;
}

/**
 * Asks a release, by its own command and in the sandbox, whether it can run on a copy of a state. The copy may be written to: the caller gives one that
 * is not needed any longer, or another copy.
 */
export async function askPreflight(
  rooms: StepRooms,
  ask: {
    release: string;
    stateCopy: string;
    place: RehearsalPlace;
    scratch: string;
    environment: Readonly<Record<string, string>>;
    logPath: string;
    signal: AbortSignal;
  },
): Promise<PreflightAnswer | undefined> {
  const { preflight } = rooms.settings.state;
  if (preflight === undefined) return undefined;
  const tree = rooms.releases.treePath(ask.release);
  const cwd = join(tree, rooms.settings.agent.directory);
  const stateInside = ask.place.stateAt ?? ask.stateCopy;
  const lines: string[] = [];
  const result = await rooms.runConfined({
    argv: planCommand(preflight.run, { release: tree, state: stateInside }),
    cwd,
    environment: { ...ask.environment, ...(rooms.settings.state.variable === undefined ? {} : { [rooms.settings.state.variable]: stateInside }) },
    timeoutMs: preflight.within,
    logPath: ask.logPath,
    title: "state.preflight",
    signal: ask.signal,
    onLine: (line) => {
      if (lines.length < 2_000) lines.push(line);
    },
    confinement: {
      ...planConfinement(rooms, { use: "rehearse", readable: [tree, `${rooms.folder}/dependencies`], writable: [ask.stateCopy], scratch: ask.scratch }, cwd),
      ...(ask.place.stateAt === null ? {} : { placed: [{ from: ask.stateCopy, at: ask.place.stateAt }] }),
    },
  });
  ask.signal.throwIfAborted();
  // Some programs answer "incompatible" with a status of their own: what it says counts, where it says something.
  return decidePreflight(preflight, lines.join("\n"), result.kind === "exited" ? `it exited with ${result.status}` : (result.exceeded ?? result.kind));
}

/** Which of the operator's words the program's JSON holds. Pure. */
export function decidePreflight(preflight: NonNullable<Settings["state"]["preflight"]>, output: string, end: string): PreflightAnswer {
  const said = readJsonPointer(parseLastJson(output), preflight.at);
  const is = (words: readonly string[]) => typeof said === "string" && words.includes(said);
  if (is(preflight.exact)) return { word: "exact", because: `its preflight says ${String(said)}` };
  if (is(preflight.migrates)) return { word: "migrates", because: `its preflight says ${String(said)}` };
  if (is(preflight.incompatible)) return { word: "incompatible", because: `its preflight says ${String(said)}` };
  return {
    word: "unknown",
    because:
      said === undefined
        ? `its preflight gave no answer at ${preflight.at || "the root"}: ${end}`
        : `its preflight says ${JSON.stringify(said).slice(0, 80)}, which nobody explained`,
  };
}

/** Programs print other lines before their JSON: it begins where a line does, and ends with the output. */
function parseLastJson(text: string): unknown {
  for (const { index } of text.matchAll(/^\s*\{/gm)) {
    try {
      return JSON.parse(text.slice(index)) as unknown;
    } catch {
      // The next line that begins like an object.
    }
  }
  return undefined;
}

export function judgePreflight(answer: PreflightAnswer): RehearsalFinding {
  const verdict = answer.word === "unknown" ? "nodata" : answer.word === "incompatible" ? "fail" : "pass";
  return { what: "preflight", verdict, because: answer.because, old: null, new: answer.word, limit: null, bound: null, samples: null, unit: "" };
}
