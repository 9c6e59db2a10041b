import { mkdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type ImpactReport, InstarError, impactReport } from "@instar/protocol";
import { z } from "zod";
import { removeTree, writeFileDurably } from "../platform/durable-files.ts";
import type { RunJob } from "../platform/run-job.ts";
import type { AnalysisRequest, AssessRequest, DrawRequest } from "./analysis-request.ts";

export interface AnalysisPlace {
  /** Of this analysis alone; made and removed here. */
  readonly scratch: string;
  readonly logPath: string;
  readonly signal?: AbortSignal;
  readonly onLine?: (line: string) => void;
}

/** Both throw InstarError ANALYSIS_FAILED, and the reason of the signal where that was given. */
export interface Analysis {
  /** What a change touches. */
  readonly assess: (request: Omit<AssessRequest, "ask">, place: AnalysisPlace) => Promise<ImpactReport>;
  /** A version's modules, written down. */
  readonly draw: (request: Omit<DrawRequest, "ask">, place: AnalysisPlace) => Promise<DrawnGraph>;
}

const drawnGraph = z.object({ modules: z.int(), edges: z.int(), text: z.string() });
export type DrawnGraph = z.output<typeof drawnGraph>;

/** No more than this for all that a tree holds; a tree that needs more is refused, and the agent keeps its memory. */
const HEAP_MIB = 2_048;

/**
 * Analyses in a process of its own: parsers written in another language read what strangers wrote, and when one of them dies of it, a job has
 * died and not the daemon. Its answer is parsed like any stranger's.
 *
 * @param selfArgv this program, without a command
 */
export function createAnalysis(options: AnalysisJobs): Analysis {
  return {
    assess: (request, place) => runAnalysisJob(options, { ask: "assess", ...request }, place, impactReport),
    draw: (request, place) => runAnalysisJob(options, { ask: "draw", ...request }, place, drawnGraph),
  };
}

interface AnalysisJobs {
  readonly runJob: RunJob;
  readonly selfArgv: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly withinMs: number;
}

async function runAnalysisJob<Answer>(options: AnalysisJobs, request: AnalysisRequest, place: AnalysisPlace, answer: z.ZodType<Answer>): Promise<Answer> {
  const { signal } = place;
  const folder = join(place.scratch, "job");
  const [asked, answered] = [join(folder, "request.json"), join(folder, "answer.json")];
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await mkdir(dirname(place.logPath), { recursive: true, mode: 0o700 });
  try {
    await writeFileDurably(asked, JSON.stringify(request), 0o600);
    const [program = "", ...flags] = options.selfArgv;
    const result = await options.runJob({
      argv: [program, `--max-old-space-size=${HEAP_MIB}`, ...flags, "analyse", asked, answered],
      cwd: folder,
      environment: options.environment,
      timeoutMs: options.withinMs,
      logPath: place.logPath,
      title: "analysis",
      ...(signal === undefined ? {} : { signal }),
      ...(place.onLine === undefined ? {} : { onLine: place.onLine }),
    });
    signal?.throwIfAborted();
    if (result.kind !== "exited" || result.status !== 0)
      throw new InstarError("ANALYSIS_FAILED", `the analysis ended without an answer (${sayEnd(result)}): what the change touches is not known`, {
        facts: { tail: result.tail.slice(-500) },
        ...(result.kind === "timed-out" ? { advice: "analysis.within in instar.yaml gives it more time." } : {}),
      });
    return answer.parse(JSON.parse(await readFile(answered, "utf8")));
  } finally {
    await removeTree(folder);
  }
}

function sayEnd(result: Awaited<ReturnType<RunJob>>): string {
  switch (result.kind) {
    case "exited":
      return `status ${result.status}`;
    case "signalled":
      return result.signal;
    case "timed-out":
      return `not within ${Math.round(result.afterMs / 1_000)} s`;
    case "not-started":
      return result.because;
    default:
      return result.kind;
  }
}
