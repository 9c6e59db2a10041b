import { InstarError } from "@instar/protocol";
import type { AssessRequest } from "../analysis/analysis-request.ts";
import type { StepRooms } from "./step-rooms.ts";
import { planJobEnvironment } from "./steps/plan-job-environment.ts";

type Runtime = AssessRequest["agent"]["runtime"];

/**
 * Which Node and which Python the agent's own PATH gives, by asking them, where a version has files that say what they want of one. What is not there or
 * does not answer is null, and then nothing is held against it.
 */
export async function readRuntime(
  rooms: StepRooms,
  paths: readonly string[],
  place: { folder: string; logPath: string; signal: AbortSignal },
): Promise<Runtime> {
  const has = (pattern: RegExp) => paths.some((path) => pattern.test(path));
  const ask = async (program: string): Promise<string | null> => {
    const result = await rooms
      .runJob({
        argv: [program, "--version"],
        cwd: place.folder,
        environment: planJobEnvironment(rooms, place.folder),
        timeoutMs: 30_000,
        logPath: place.logPath,
        title: `which ${program}`,
        signal: place.signal,
      })
      .catch((error: unknown) => {
        if (InstarError.is(error)) return undefined;
        throw error;
      });
    return (result?.kind === "exited" && result.status === 0 && /\d+\.\d+\.\d+/.exec(result.tail)?.[0]) || null;
  };
  const node = has(/(^|\/)(package\.json|\.nvmrc|\.node-version)$/) ? await ask("node") : null;
  return { node, python: has(/(^|\/)pyproject\.toml$/) ? await ask("python3") : null, platform: process.platform, arch: process.arch };
}
