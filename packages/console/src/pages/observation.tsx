import "./observation/observation.css";
import type { MetricsSeriesView } from "@instar/protocol";
import { useMemo, useState } from "react";
import { useOperation } from "../data/use-operation.ts";
import { Card } from "../parts/card.tsx";
import { EmptyState } from "../parts/empty-state.tsx";
import { LineChart } from "../parts/line-chart.tsx";
import { PageHead } from "../parts/page-head.tsx";
import { Problem } from "../parts/problem.tsx";
import { Text } from "../parts/text.tsx";
import { Verdict } from "../parts/verdict.tsx";
import { When } from "../parts/when.tsx";
import { planCharts, planTriggerChart } from "./observation/plan-charts.ts";
import { VersionsTable } from "./observation/versions-table.tsx";
import { WatchCard } from "./observation/watch-card.tsx";

const SPANS = { "10m": "10 minutes", "1h": "1 hour", "6h": "6 hours", "1d": "1 day", "8d": "8 days" } as const;
type Span = keyof typeof SPANS;
/** What is seen is recorded every five seconds. */
const EVERY_MS = 5_000;

/** What is seen of the version that serves beside the one before it, with what it is held to. */
export function ObservationPage() {
  const [since, setSince] = useState<Span>("1h");
  const status = useOperation("status", {});
  const series = useOperation("metrics.series", { since }, { everyMs: EVERY_MS, keepsPrevious: true });
  const metrics = useOperation("metrics", { since }, { everyMs: EVERY_MS, keepsPrevious: true });
  const watch = status.data?.observation ?? null;
  const isEmpty = series.data?.versions.length === 0;
  return (
    <>
      <PageHead
        title="Observation"
        actions={
          <label className="field row">
            <span className="field-label">How far back</span>
            <select value={since} onChange={(event) => setSince(event.target.value as Span)}>
              {Object.entries(SPANS).map(([value, label]) => (
                <option key={value} value={value}>
                  {label}
                </option>
              ))}
            </select>
          </label>
        }
      >
        {watch === null
          ? "No version is under watch: what serves is recorded, so that the next one can be compared with it."
          : "A new version has to earn its place."}
      </PageHead>
      {status.error !== null && <Problem error={status.error} />}
      {watch !== null && <WatchCard watch={watch} />}
      {series.error !== null && <Problem error={series.error} />}
      {isEmpty && (
        <Card>
          <EmptyState title="Nothing serves yet">
            Once a version serves, what is seen of it appears here within seconds. The guide says how to begin.
          </EmptyState>
        </Card>
      )}
      {series.data !== undefined && !isEmpty && <Charts view={series.data} />}
      {metrics.data !== undefined && metrics.data.versions.length > 0 && <VersionsTable view={metrics.data} />}
      {series.data?.update != null && <Triggers update={series.data.update} />}
    </>
  );
}

function Charts({ view }: { readonly view: MetricsSeriesView }) {
  const charts = useMemo(() => planCharts(view), [view]);
  const marks = useMemo(() => view.moments.map(({ at, kind, verdict }) => ({ atMs: Date.parse(at), tone: toneOf(kind, verdict) })), [view.moments]);
  return (
    <>
      <div className="charts">
        {charts.map(({ id, says, ...chart }) => (
          <Card key={id}>
            <LineChart {...chart} marks={marks}>
              {says === "" ? undefined : says}
            </LineChart>
          </Card>
        ))}
      </div>
      {charts.length === 0 && (
        <Card>
          <EmptyState title="Nothing was measured in this time">Look further back, or ask the agent something through its front.</EmptyState>
        </Card>
      )}
      {view.moments.length > 0 && (
        <Card title="Moments">
          <ol className="plain-list">
            {view.moments.map(({ at, kind, verdict, because }) => (
              <li key={`${at} ${kind}`}>
                <When at={at} /> {verdict === null ? <strong>{kind.replaceAll("-", " ")}</strong> : <Verdict verdict={verdict} />} <Text text={because} />
              </li>
            ))}
          </ol>
        </Card>
      )}
    </>
  );
}

const toneOf = (kind: string, verdict: string | null) =>
  kind === "going-back" || verdict === "fail" || verdict === "error"
    ? ("bad" as const)
    : kind === "confirmed" || verdict === "pass"
      ? ("good" as const)
      : ("none" as const);

/** How the triggers came to what they said, and whether it comes out again. */
function Triggers({ update }: { readonly update: string }) {
  const { data } = useOperation("update.explain", { update });
  const [chosen, setChosen] = useState("");
  const looks = data?.looks ?? [];
  const triggers = [...new Set(looks.flatMap(({ findings }) => findings.filter(({ statistic }) => statistic !== null).map(({ trigger }) => trigger)))].sort();
  const trigger = triggers.includes(chosen) ? chosen : triggers[0];
  const chart = useMemo(() => (trigger === undefined ? null : planTriggerChart(data?.looks ?? [], trigger)), [data, trigger]);
  if (data === undefined || looks.length === 0) return null;
  return (
    <Card title="How the verdicts came about">
      <p>
        {looks.length} {looks.length === 1 ? "look was" : "looks were"} recorded. Computed again they{" "}
        {data.replays.verdict === "yes" ? "come out the same" : data.replays.verdict === "no" ? "do not come out the same" : "cannot be compared"}:{" "}
        <Text text={data.replays.because} />.
      </p>
      {chart !== null && (
        <>
          <label className="field row">
            <span className="field-label">Trigger</span>
            <select value={trigger} onChange={(event) => setChosen(event.target.value)}>
              {triggers.map((each) => (
                <option key={each} value={each}>
                  {each.replaceAll("_", " ")}
                </option>
              ))}
            </select>
          </label>
          <LineChart key={trigger} {...chart}>
            {chart.says}
          </LineChart>
        </>
      )}
    </Card>
  );
}
