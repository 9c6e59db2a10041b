import { quoteText } from "../../platform/plain-text.ts";
import type { Sample } from "./parse-prometheus.ts";
import { heard, type Reading, silent } from "./reading.ts";

export interface SampleQuestion {
  readonly metric: string;
  /** Only series with all of these labels. */
  readonly labels?: Readonly<Record<string, string>> | undefined;
  readonly kind: "gauge" | "counter";
}

/**
 * The value of one metric among what an agent shows. Several series of a counter are added up; of a gauge nobody could say which is meant. What is no number, or a counter
 * below zero, is silence.
 */
export function selectSample(samples: readonly Sample[], { metric, labels = {}, kind }: SampleQuestion): Reading<number> {
  const found = samples.filter(({ name, labels: its }) => name === metric && Object.entries(labels).every(([label, value]) => its.get(label) === value));
  if (found.length === 0) return silent(`it shows no ${metric}${Object.keys(labels).length === 0 ? "" : " with these labels"}`);
  if (kind === "gauge" && found.length > 1) return silent(`it shows ${found.length} series of ${metric}: \`labels\` says which is meant`);
  const broken = found.find(({ value }) => !Number.isFinite(value));
  if (broken !== undefined) return silent(`${quoteText(metric, 80)} is ${broken.value}, which is no number to judge by`);
  const value = found.reduce((sum, sample) => sum + sample.value, 0);
  if (!Number.isFinite(value)) return silent(`the series of ${metric} add up to no number`);
  if (kind === "counter" && found.some((sample) => sample.value < 0)) return silent(`${metric} is a counter and below zero`);
  return heard(value);
}
