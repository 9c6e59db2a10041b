import { Place } from "./place.ts";

export interface BenchFrame {
  /** Aborted when the bench is interrupted. */
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
  /** Whatever happens inside, everything that was started there has ended afterwards and its folder is gone. */
  readonly inPlace: <T>(name: string, work: (place: Place) => Promise<T>) => Promise<T>;
}

/** Runs a bench as this process: its number becomes the exit status; what could not be measured at all is said, and is not 0. */
export async function startBench(run: (frame: BenchFrame) => Promise<number>): Promise<void> {
  const interrupted = new AbortController();
  // Ctrl-C reaches the whole process group and is passed on by who started us: it comes more than once, and ending takes its time.
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, () => interrupted.abort(new Error("the bench was interrupted")));
  const say = (line: string) => void process.stderr.write(`bench: ${line}\n`);
  const inPlace: BenchFrame["inPlace"] = async (name, work) => {
    const place = new Place(name, interrupted.signal);
    try {
      return await work(place);
    } finally {
      await place.end();
    }
  };
  process.exitCode = await run({ signal: interrupted.signal, say, inPlace }).catch((error: unknown) => {
    const cause = interrupted.signal.aborted ? interrupted.signal.reason : error;
    say(`could not measure: ${cause instanceof Error ? cause.message : String(cause)}`);
    return 1;
  });
}
