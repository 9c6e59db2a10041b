import type { ExplainView, MetricsView, ObservationEvidence, ObservationView, SeenVersion } from "@instar/protocol";

/** The watch of a version in service, in two lines: what it came to, and what it still needs. */
export function renderObservation(view: ObservationView): string[] {
  const { window, confirm, alarms, silent, waitsFor } = view;
  const silences = Object.entries(silent);
  return [
    `  watched    ${view.version}: ${view.because}${waitsFor === "operator" ? " (waits for a person)" : ""}`,
    `             ${renderWindow(window)}${alarms.length === 0 ? "" : `; alarms: ${alarms.join("; ")}`}${
      silences.length === 0 ? "" : `; silent: ${silences.map(([source, because]) => `${source} (${because})`).join(", ")}`
    }${confirm === null || confirm.isConfirmed ? "" : `; goes back in ${renderTime(confirm.leftMs)} unless \`instar update confirm\` keeps it`}`,
  ];
}

/** What the verdict rests on, in lines below a step. */
export function renderEvidence({ verdict, because, findings, window }: ObservationEvidence): string[] {
  return [`${verdict.padEnd(12)} ${because}`, `             ${renderWindow(window)}`, ...findings.filter(isWorthSaying).map(renderFinding)];
}

/** Each look with what every trigger came to; then whether it can all be computed again. */
export function renderExplanation({ update, version, decisions, looks, replays }: ExplainView): string {
  const lines = [`update ${update} to ${version}: ${decisions.length} decisions, ${looks.length} looks at it in service`];
  for (const { index, at, step, comesTo, because, recomputed } of decisions) {
    lines.push(`#${index} ${at} ${step}: ${comesTo}`, `    ${because}`, `    computed again: ${recomputed.verdict}: ${recomputed.because}`);
  }
  for (const look of looks) {
    lines.push(`#${look.index} ${look.at} ${look.step}: ${look.verdict}, ${look.action}: ${look.because}`);
    lines.push(`    ${renderWindow(look.window)}`);
    lines.push(...look.findings.map((finding) => `    ${renderFinding(finding)}`));
  }
  lines.push(`replays: ${replays.verdict}: ${replays.because}`);
  return lines.join("\n");
}

export function renderMetrics({ versions, sinceMs }: MetricsView): string {
  if (versions.length === 0) return "nothing serves, so nothing is seen";
  const head = ["", ...versions.map(({ role, version, release }) => `${role} ${version ?? release}`)];
  const body = ROWS.map(([name, say]) => [name, ...versions.map(say)]).filter(([, ...cells]) => cells.some((cell) => cell !== "-"));
  const own = [...new Set(versions.flatMap(({ metrics }) => Object.keys(metrics)))].map((name) => [
    name,
    ...versions.map(({ metrics }) => sayNumber(metrics[name] ?? null)),
  ]);
  const silences = versions.flatMap(({ silent, version, release }) =>
    Object.entries(silent).map(([source, because]) => `silent: ${source} of ${version ?? release}: ${because}`),
  );
  return [`of the last ${renderTime(sinceMs)} that were seen`, ...align([head, ...body, ...own]), ...silences].join("\n");
}

const ROWS: readonly (readonly [string, (seen: SeenVersion) => string])[] = [
  ["seen", ({ coveredMs }) => renderTime(coveredMs)],
  ["serves", ({ isServing }) => (isServing === null ? "-" : isServing ? "yes" : "no")],
  ["requests", ({ requests }) => sayNumber(requests)],
  [
    "failed",
    ({ failed, requests }) =>
      failed === null ? "-" : `${failed}${requests === null || requests === 0 ? "" : ` (${Math.round((failed / requests) * 1_000) / 10} %)`}`,
  ],
  ["median", ({ medianMs }) => sayMs(medianMs)],
  ["95 %", ({ p95Ms }) => sayMs(p95Ms)],
  ["health", ({ healthChecks, healthFailed }) => (healthChecks === 0 ? "-" : `${healthChecks - healthFailed} of ${healthChecks} passed`)],
  ["restarts", ({ restarts }) => String(restarts)],
  ["memory", ({ residentBytes }) => (residentBytes === null ? "-" : `${Math.round(residentBytes / 1_048_576)} MiB`)],
  ["event loop", ({ eventLoopDelayMs }) => sayMs(eventLoopDelayMs)],
  ["heartbeat", ({ heartbeatAgeMs }) => (heartbeatAgeMs === null ? "-" : `${renderTime(heartbeatAgeMs)} old`)],
  ["log errors", ({ logErrors }) => sayNumber(logErrors)],
  [
    "things",
    ({ things }) =>
      Object.entries(things)
        .map(([name, count]) => `${count} ${name}`)
        .join(", ") || "-",
  ],
  ["files", ({ damage }) => damage ?? "-"],
];

function renderWindow({ countedMs, neededMs, requests, neededRequests, isUnverified }: ObservationEvidence["window"]): string {
  return `${renderTime(countedMs)} of ${renderTime(neededMs)}, ${requests}${neededRequests === 0 ? "" : ` of ${neededRequests}`} requests${isUnverified ? "; unverified" : ""}`;
}

function renderFinding({ trigger, verdict, gate, because, statistic, bound, threshold, samples }: ObservationEvidence["findings"][number]): string {
  const numbers = [
    statistic === null ? "" : `${round(statistic)}`,
    bound === null ? "" : `bound ${round(bound)}`,
    `threshold ${round(threshold)}`,
    `${samples} samples`,
  ].filter((part) => part !== "");
  return `${verdict.padEnd(12)} ${trigger.padEnd(24)} ${gate.padEnd(8)} ${because} [${numbers.join(", ")}]`;
}

const isWorthSaying = ({ verdict }: ObservationEvidence["findings"][number]) => verdict === "fail" || verdict === "error" || verdict === "inconclusive";

function align(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  return rows.map((row) => `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ")}`.trimEnd());
}

const round = (value: number) => Math.round(value * 1_000) / 1_000;
const sayNumber = (value: number | null) => (value === null ? "-" : String(round(value)));
const sayMs = (value: number | null) => (value === null ? "-" : `${Math.round(value * 10) / 10} ms`);

function renderTime(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 120_000) return `${Math.round(ms / 1_000)} s`;
  return ms < 7_200_000 ? `${Math.round(ms / 60_000)} min` : `${Math.round(ms / 360_000) / 10} h`;
}
