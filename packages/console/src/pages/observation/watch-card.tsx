import type { ObservationView } from "@instar/protocol";
import { Link } from "@tanstack/react-router";
import { ActionDialog } from "../../parts/action-dialog.tsx";
import { Card } from "../../parts/card.tsx";
import { renderDuration } from "../../parts/render-time.ts";
import { Text } from "../../parts/text.tsx";
import { Verdict } from "../../parts/verdict.tsx";
import { FindingsTable } from "./findings-table.tsx";

/** The watch under way: what it comes to, how much of the evidence is there, and what a person may say. */
export function WatchCard({ watch }: { readonly watch: ObservationView }) {
  const { window } = watch;
  return (
    <Card title={`Watching ${watch.version}`} aside={<Verdict verdict={watch.verdict} />}>
      <div className="stack">
        <p>
          <strong>{ACTIONS[watch.action] ?? watch.action}</strong>: <Text text={watch.because} />
          {watch.waitsFor === "operator" && <span className="badge badge-wait watch-waits">… waits for you</span>}
        </p>
        <div className="watch-evidence">
          <Evidence label="Time under watch" have={window.countedMs} need={window.neededMs} render={renderDuration} />
          <Evidence label="Requests" have={window.requests} need={window.neededRequests} render={(value) => String(value)} />
          {watch.confirm !== null && !watch.confirm.isConfirmed && (
            <div>
              <p className="problem-line">Goes back by itself in {renderDuration(watch.confirm.leftMs)} unless somebody confirms it.</p>
            </div>
          )}
        </div>
        {window.isExtended && <p className="quiet">Evidence is missing, so it is watched longer: at most {renderDuration(window.endsMs)} in all.</p>}
        {watch.alarms.length > 0 && (
          <div className="problem">
            <p className="problem-title">{watch.alarms.length === 1 ? "An alarm was raised" : `${watch.alarms.length} alarms were raised`}</p>
            <ul>
              {watch.alarms.map((alarm) => (
                <li key={alarm}>
                  <Text text={alarm} />
                </li>
              ))}
            </ul>
          </div>
        )}
        <Silent silent={watch.silent} />
        <div className="row">
          <ActionDialog
            operation="update.confirm"
            label="Confirm this version…"
            title={`Confirm ${watch.version}`}
            confirm="Confirm it"
            tone="primary"
            says={
              <p>
                An alarm that you saw no longer holds it up, and it does not go back for want of a word. What is left of its watch is still to be passed, and
                what puts it back at once still does.
              </p>
            }
            input={() => ({ update: watch.update })}
            done={({ because }) => because}
          />
          <ActionDialog
            operation="update.cancel"
            label="Put the old version back…"
            title={`Take ${watch.version} back`}
            confirm="Put the old version back"
            tone="danger"
            says={
              <p>
                The version before serves again, as if it had been found wanting, and this release is not taken again by itself. The state goes back only where
                instar.yaml says so.
              </p>
            }
            preview={{
              operation: "rollback.plan",
              input: () => ({}),
              render: (plan) => (
                <p>
                  It goes back to {plan.target.version}: {plan.lost.because}.
                </p>
              ),
            }}
            input={() => ({ update: watch.update })}
            done={() => "It goes back."}
          />
          <Link to="/updates/$id" params={{ id: watch.update }}>
            The whole update
          </Link>
        </div>
        <FindingsTable findings={watch.findings} />
      </div>
    </Card>
  );
}

const ACTIONS: Readonly<Record<string, string>> = {
  watch: "It is watched on",
  keep: "It is kept",
  "roll-back": "It goes back",
  pause: "A person is to decide",
  blind: "It cannot be judged",
};

interface EvidenceProps {
  readonly label: string;
  readonly have: number;
  readonly need: number;
  readonly render: (value: number) => string;
}

function Evidence({ label, have, need, render }: EvidenceProps) {
  const isEnough = have >= need;
  return (
    <div>
      <p className="watch-have">
        {label}: <strong>{render(have)}</strong> {need === 0 ? "(none is asked for)" : `of ${render(need)}`}
        {need > 0 && (isEnough ? " ✓" : `, ${render(need - have)} still needed`)}
      </p>
      {need > 0 && <progress aria-label={label} max={need} value={Math.min(have, need)} />}
    </div>
  );
}

function Silent({ silent }: { readonly silent: Readonly<Record<string, string>> }) {
  const sources = Object.entries(silent);
  if (sources.length === 0) return null;
  return (
    <p>
      <strong>Silent:</strong> {sources.map(([source, why]) => `${source} (${why})`).join("; ")}
    </p>
  );
}
