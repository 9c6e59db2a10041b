import type { MetricsView, SeenVersion } from "@instar/protocol";
import { Card } from "../../parts/card.tsx";
import { renderDuration } from "../../parts/render-time.ts";
import { Text } from "../../parts/text.tsx";

type Say = (version: SeenVersion) => string;

const ms = (value: number | null) => (value === null ? NONE : renderDuration(value));
const NONE = "not measured";
const count = (value: number | null) => (value === null ? NONE : String(value));

const ROWS: readonly (readonly [label: string, say: Say])[] = [
  ["Seen for", ({ coveredMs }) => renderDuration(coveredMs)],
  ["Requests", ({ requests }) => count(requests)],
  ["Failed", ({ failed, requests }) => (failed === null ? NONE : requests ? `${failed} (${((failed / requests) * 100).toFixed(1)} %)` : String(failed))],
  ["Half are quicker than", ({ medianMs }) => ms(medianMs)],
  ["95 of 100 are quicker than", ({ p95Ms }) => ms(p95Ms)],
  ["Health checks", ({ healthChecks, healthFailed }) => `${healthChecks}, ${healthFailed} of them not passed`],
  ["Ended by itself", ({ restarts }) => `${restarts} times`],
  ["Memory", ({ residentBytes }) => (residentBytes === null ? NONE : `${Math.round(residentBytes / 1_048_576)} MiB`)],
  ["Event loop late by", ({ eventLoopDelayMs }) => ms(eventLoopDelayMs)],
  ["Heartbeat's age", ({ heartbeatAgeMs }) => ms(heartbeatAgeMs)],
  ["Errors in its log", ({ logErrors }) => count(logErrors)],
];

/** The versions side by side in numbers. */
export function VersionsTable({ view }: { readonly view: MetricsView }) {
  const { versions } = view;
  const own = [...new Set(versions.flatMap(({ metrics }) => Object.keys(metrics)))].sort();
  const rows: typeof ROWS = [...ROWS, ...own.map((name) => [name, ({ metrics }: SeenVersion) => count(metrics[name] ?? null)] as const)];
  return (
    <Card title="Side by side">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard. */}
      <section className="table-scroll" aria-label="The versions side by side" tabIndex={0}>
        <table className="data-table">
          <thead>
            <tr>
              <th scope="col">What was seen</th>
              {versions.map(({ release, version, role }) => (
                <th key={release} scope="col" className="align-end">
                  <Text text={version ?? release.slice(0, 12)} /> ({role})
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map(([label, say]) => (
              <tr key={label}>
                <th scope="row" className="row-head">
                  <Text text={label} />
                </th>
                {versions.map((version) => (
                  <td key={version.release} className="align-end">
                    {say(version)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </Card>
  );
}
