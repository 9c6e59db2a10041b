import "./guide/guide.css";
import { Link } from "@tanstack/react-router";
import { useLedgerTrust } from "../data/use-ledger.ts";
import { useOperation } from "../data/use-operation.ts";
import { Card } from "../parts/card.tsx";
import { Code } from "../parts/code.tsx";
import { PageHead } from "../parts/page-head.tsx";
import { Problem } from "../parts/problem.tsx";
import { type GuidePoint, planGuide } from "./guide/plan-guide.ts";

/** From nothing to the first update. Nothing here is ticked off by hand. */
export function GuidePage() {
  const me = useOperation("whoami", {});
  const may = (operation: string) => me.data?.mayDo.some((each) => each === operation) ?? false;
  const status = useOperation("status", {});
  const doctor = useOperation("doctor", {});
  const settings = useOperation("settings.show", {});
  const updates = useOperation("update.list", { limit: 200 });
  const backups = useOperation("backup.list", {});
  const tokens = useOperation("token.list", {}, { enabled: may("token.list") });
  const trust = useLedgerTrust();
  const points = planGuide({
    status: status.data,
    doctor: doctor.data,
    settings: settings.data,
    updates: updates.data,
    backups: backups.data,
    tokens: tokens.data,
    isKeyRemembered: trust.data?.kind === "verified",
  });
  const done = points.filter(({ isDone }) => isDone === true).length;
  const next = points.find(({ isDone }) => isDone === false);
  return (
    <>
      <PageHead title="Guide">From nothing to the first update. Each point ticks itself off by what is.</PageHead>
      {status.error !== null && <Problem error={status.error} />}
      <Card>
        <p>
          <strong>
            {done} of {points.length}
          </strong>{" "}
          {next === undefined
            ? "are done: nothing is left that this guide knows of."
            : `are done. Next: ${next.title.charAt(0).toLowerCase()}${next.title.slice(1)}.`}
        </p>
        <progress className="guide-progress" aria-label="How much is done" max={points.length} value={done} />
      </Card>
      <ol className="guide-points">
        {points.map((point) => (
          <Point key={point.id} point={point} isNext={point === next} />
        ))}
      </ol>
    </>
  );
}

const LABELS: Readonly<Record<NonNullable<GuidePoint["page"]>, string>> = {
  "/sources": "Sources",
  "/doctor": "Doctor",
  "/settings": "Settings",
  "/people": "People",
  "/backups": "Backups",
  "/ledger": "Ledger",
  "/updates": "Updates",
  "/policy": "Policy",
  "/observation": "Observation",
};

function Point({ point: { title, says, isDone, command, page }, isNext }: { readonly point: GuidePoint; readonly isNext: boolean }) {
  return (
    <li className={`card guide-point ${isNext ? "is-next" : ""}`} {...(isNext ? { "aria-current": "step" as const } : {})}>
      <div className="card-head">
        <h2>{title}</h2>
        <span className={`badge badge-${isDone === true ? "good" : isDone === false ? "wait" : "none"}`}>
          {isDone === true ? "✓ done" : isDone === false ? "… to do" : "○ not known to you"}
        </span>
      </div>
      <p>{says}</p>
      {isDone !== true && (
        <p className="row">
          {command !== undefined && <Code text={command} />}
          {page !== undefined && <Link to={page}>Go to {LABELS[page]}</Link>}
        </p>
      )}
    </li>
  );
}
