import type { StepState, UpdateView } from "@instar/protocol";
import { Elapsed } from "./elapsed.tsx";
import { renderDuration } from "./render-time.ts";
import { Text } from "./text.tsx";

type Step = UpdateView["steps"][number];

const STATES: Readonly<Record<StepState, { readonly sign: string; readonly word: string }>> = {
  ahead: { sign: "·", word: "ahead" },
  running: { sign: "●", word: "at work" },
  waiting: { sign: "…", word: "waits" },
  done: { sign: "✓", word: "done" },
  failed: { sign: "✕", word: "failed" },
  undoing: { sign: "↶", word: "being undone" },
  undone: { sign: "↶", word: "undone" },
  skipped: { sign: "–", word: "not reached" },
};

/** The steps of an update in their order, and what the one at work says or waits for. */
export function Pipeline({ update, isBrief = false }: { readonly update: Pick<UpdateView, "steps" | "because" | "outcome">; readonly isBrief?: boolean }) {
  const current = update.steps.find(({ state }) => state === "running" || state === "waiting" || state === "undoing");
  return (
    <div className={isBrief ? "pipeline is-brief" : "pipeline"}>
      <ol aria-label="Steps of the update">
        {update.steps.map((step) => (
          <li key={step.id} className={`step step-${step.state}`} {...(step === current ? { "aria-current": "step" as const } : {})}>
            <span className="step-sign" aria-hidden="true">
              {STATES[step.state].sign}
            </span>
            <span className="step-body">
              <span className="step-title">{step.title}</span>
              <span className={isBrief ? "visually-hidden" : "step-state"}>
                {" "}
                {STATES[step.state].word}
                <StepTime step={step} />
              </span>
              {!isBrief && step.because !== "" && (
                <span className="step-because">
                  <Text text={step.because} />
                </span>
              )}
            </span>
          </li>
        ))}
      </ol>
      {isBrief && update.outcome === null && (
        <p className="pipeline-now" role="status">
          {current === undefined ? "Between two steps" : `${current.title}: ${STATES[current.state].word}`}
          {(current?.because ?? update.because) !== "" && (
            <>
              {" – "}
              <Text text={current?.because || update.because} />
            </>
          )}
        </p>
      )}
    </div>
  );
}

function StepTime({ step }: { readonly step: Step }) {
  if (step.startedAt === null) return null;
  if (step.endedAt !== null) return <> · {renderDuration(Math.max(0, Date.parse(step.endedAt) - Date.parse(step.startedAt)))}</>;
  return step.state === "running" || step.state === "waiting" ? (
    <>
      {" · "}
      <Elapsed since={step.startedAt} />
    </>
  ) : null;
}
