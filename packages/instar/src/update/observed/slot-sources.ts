import { stat } from "node:fs/promises";
import { isAbsolute, join } from "node:path";
import { askPrometheus, SCRAPE_WITHIN_MS } from "../../observation/gather/ask-prometheus.ts";
import { BackgroundSource } from "../../observation/gather/background-source.ts";
import { parseMetricOutput } from "../../observation/gather/parse-metric-output.ts";
import type { Sample } from "../../observation/gather/parse-prometheus.ts";
import { heard, type Reading, silent } from "../../observation/gather/reading.ts";
import type { HealthReport } from "../../observation/health-report.ts";
import type { Settings } from "../../settings/settings.ts";
import { probeSlot } from "../exchange.ts";
import { readSlotThings, THINGS_WITHIN_MS } from "./read-slot-things.ts";
import { type AskedSlot, runInSlot } from "./run-in-slot.ts";

export type MetricSettings = Settings["watch"]["metrics"][number];

/** Everything about one running version that is asked now and then and may hang: each on its own. */
export interface SlotSources {
  readonly health: BackgroundSource<HealthReport>;
  /** When the heartbeat was last touched; null where there is no file yet. Absent where none is configured. */
  readonly heartbeat: BackgroundSource<number | null> | null;
  readonly pages: readonly MetricsPage[];
  readonly programs: readonly { readonly metric: MetricSettings; readonly source: BackgroundSource<number> }[];
  readonly things: readonly { readonly name: string; readonly source: BackgroundSource<readonly string[]> }[];
}
/** One page that an agent shows to Prometheus, and the metrics that are read off it. */
export interface MetricsPage {
  readonly metrics: readonly MetricSettings[];
  readonly everyMs: number;
  readonly source: BackgroundSource<readonly Sample[]>;
}

const HEARTBEAT_EVERY_MS = 1_000;
const HEALTH_WITHIN_MS = 15_000;
/** Programs of the operator's, or a list that costs the agent work: a thing that was dropped may be seen a minute later. */
const THINGS_EVERY_MS = 60_000;

export function openSlotSources(asked: AskedSlot): SlotSources {
  const { rooms, slot } = asked;
  const { clock, settings } = rooms;
  const { heartbeat } = settings.health;
  const open = <Value>(withinMs: number, ask: () => Promise<Reading<Value>>) => new BackgroundSource({ clock, withinMs }, ask);
  return {
    health: open(HEALTH_WITHIN_MS + (settings.health.command?.within ?? 0), async () => heard(await probeSlot(rooms, slot()))),
    heartbeat: heartbeat === undefined ? null : open(HEARTBEAT_EVERY_MS, async () => heard(await readModified(asked, heartbeat.file))),
    pages: openPages(asked),
    programs: settings.watch.metrics.flatMap((metric) => {
      const { run } = metric;
      if (run === undefined) return [];
      const ask = async (): Promise<Reading<number>> => {
        const output = await runInSlot(asked, run, metric.within, `metric ${metric.name}`);
        return output.kind === "silent" ? output : parseMetricOutput(output.value, metric.at);
      };
      return [{ metric, source: open(metric.within, ask) }];
    }),
    things: settings.rehearsal.things.map((things) => ({ name: things.name, source: open(THINGS_WITHIN_MS, () => readSlotThings(asked, things)) })),
  };
}

/** More often while somebody watches: it costs the agent a request. */
export const WATCHED_HEALTH_EVERY_MS = 2_000;

/** Asks whatever it is time for. */
export function pumpSources({ health, heartbeat, pages, programs, things }: SlotSources, healthEveryMs: number): void {
  health.pump(healthEveryMs);
  heartbeat?.pump(HEARTBEAT_EVERY_MS);
  for (const { source, everyMs } of pages) source.pump(everyMs);
  for (const { source, metric } of programs) source.pump(metric.every);
  for (const { source } of things) source.pump(THINGS_EVERY_MS);
}

/** Every check that ended, in order; why nothing is known of it, where that is so. */
export function takeHealth(source: SlotSources["health"]): { readonly reports: readonly HealthReport[]; readonly silent: string | null } {
  const { answers, missing } = source.take(WATCHED_HEALTH_EVERY_MS);
  const reports = answers.flatMap((answer) => (answer.kind === "value" ? [{ verdict: answer.value.verdict, because: answer.value.because }] : []));
  const unasked = answers.find((answer) => answer.kind === "silent");
  return { reports, silent: unasked?.kind === "silent" ? unasked.because : missing };
}
export const takeThings = ({ source }: SlotSources["things"][number]) => source.take(THINGS_EVERY_MS);
export const takeHeartbeat = (source: NonNullable<SlotSources["heartbeat"]>) => source.take(HEARTBEAT_EVERY_MS);

/** Metrics of the same page are read off one answer. */
function openPages({ rooms, slot }: AskedSlot): MetricsPage[] {
  const { clock } = rooms;
  const shown = rooms.settings.watch.metrics.filter(({ prometheus }) => prometheus !== undefined);
  return [...Map.groupBy(shown, ({ prometheus }) => `${prometheus?.port ?? "own"} ${prometheus?.path}`).values()].flatMap((metrics): MetricsPage[] => {
    const page = metrics[0]?.prometheus;
    if (page === undefined) return [];
    const ask = async (): Promise<Reading<readonly Sample[]>> => {
      const port = page.port ?? slot().port;
      return port === null ? silent("it has no port to ask for its metrics") : askPrometheus({ port, path: page.path, clock });
    };
    const everyMs = Math.min(...metrics.map(({ every }) => every));
    return [{ metrics, everyMs, source: new BackgroundSource({ clock, withinMs: SCRAPE_WITHIN_MS }, ask) }];
  });
}

async function readModified({ rooms, slot }: AskedSlot, file: string): Promise<number | null> {
  const path = isAbsolute(file) ? file : join(rooms.stateDirectory ?? slot().cwd ?? rooms.folder, file);
  return stat(path).then(
    ({ mtimeMs }) => mtimeMs,
    (error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return null;
      throw error;
    },
  );
}
