import type { Clock } from "../../platform/clock.ts";
import { askPage } from "./ask-page.ts";
import { parsePrometheus, type Sample } from "./parse-prometheus.ts";
import { heard, type Reading, silent } from "./reading.ts";

/** Prometheus itself waits ten seconds. */
export const SCRAPE_WITHIN_MS = 5_000;

/** What an agent shows to Prometheus, read as it is or not at all. */
export async function askPrometheus(at: {
  readonly port: number;
  readonly path: string;
  readonly clock: Pick<Clock, "sleep">;
}): Promise<Reading<readonly Sample[]>> {
  const page = await askPage({ ...at, withinMs: SCRAPE_WITHIN_MS, accept: "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4" });
  if (page.kind === "silent") return page;
  const parsed = parsePrometheus(page.value.text, page.value.contentType.startsWith("application/openmetrics-text"));
  return parsed.kind === "samples" ? heard(parsed.samples) : silent(`what it shows at ${at.path} cannot be read: ${parsed.because}`);
}
