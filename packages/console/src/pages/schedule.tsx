import type { TaskView } from "@instar/protocol";
import { useState } from "react";
import { useOperation } from "../data/use-operation.ts";
import { ActionDialog } from "../parts/action-dialog.tsx";
import { Button } from "../parts/button.tsx";
import { Card } from "../parts/card.tsx";
import { EmptyState } from "../parts/empty-state.tsx";
import { Facts } from "../parts/facts.tsx";
import { PageHead } from "../parts/page-head.tsx";
import { Problem } from "../parts/problem.tsx";
import { renderDuration } from "../parts/render-time.ts";
import { Text } from "../parts/text.tsx";
import { When } from "../parts/when.tsx";
import { AddTask } from "./schedule/add-task.tsx";

export function SchedulePage() {
  const { data, error, isPending } = useOperation("task.list", {});
  const tasks = data?.tasks ?? [];
  return (
    <>
      <PageHead title="Schedule" actions={<AddTask />}>
        What is done at times by itself: by Instar, by people, by the agent.
      </PageHead>
      {error !== null && <Problem error={error} />}
      {isPending && <p className="quiet">Reading the tasks…</p>}
      {data !== undefined && tasks.length === 0 && (
        <Card>
          <EmptyState title="Nothing is scheduled">
            Add a task: look for updates each night, check the agent's health, clean old logs, or tell somebody by a webhook.
          </EmptyState>
        </Card>
      )}
      {tasks.map((task) => (
        <Task key={task.id} task={task} />
      ))}
    </>
  );
}

function Task({ task }: { readonly task: TaskView }) {
  const [isOpen, setOpen] = useState(false);
  const { id, name, type, does, state, pausedBecause, nextAt, createdBy, failures, failuresAllowed, missed, withinMs } = task;
  return (
    <Card title={name} aside={state === "active" ? <span className="badge badge-good">✓ active</span> : <span className="badge badge-wait">‖ paused</span>}>
      <div className="stack">
        <p>
          <Text text={does} />
        </p>
        {pausedBecause !== null && (
          <p>
            <strong>Paused:</strong> <Text text={pausedBecause} />
          </p>
        )}
        <Facts
          facts={[
            ["When", <Text key="when" text={sayTimes(task)} />],
            ["Next", <When key="next" at={nextAt} none={state === "paused" ? "not while it is paused" : "never"} />],
            ["Kind", type],
            ["By", <Text key="by" text={`${createdBy.id} (${createdBy.type})`} />],
            ["Failed in a row", `${failures} of the ${failuresAllowed} that pause it`],
            ["Runs that were missed", missed === "skip" ? "are not made up for" : missed === "once" ? "one for all of them" : "each is made up for"],
            ["A run may take", renderDuration(withinMs)],
          ]}
        />
        <div className="row">
          {state === "active" ? (
            <ActionDialog
              operation="task.pause"
              label="Pause…"
              title={`Pause ${name}`}
              confirm="Pause it"
              says={<p>It rests until somebody lets it run again. A run that is under way ends as it would.</p>}
              fields={[{ name: "because", label: "Why", kind: "line", help: "It is shown with the task." }]}
              input={({ because = "" }) => ({ task: id, because })}
              done={() => `${name} is paused.`}
            />
          ) : (
            <ActionDialog
              operation="task.resume"
              label="Let it run…"
              title={`Let ${name} run again`}
              confirm="Let it run"
              says={<p>It runs at its next time. What was due meanwhile is not made up for.</p>}
              input={() => ({ task: id })}
              done={() => `${name} runs again.`}
            />
          )}
          <ActionDialog
            operation="task.run"
            label="Run now…"
            title={`Run ${name} now`}
            confirm="Run it"
            says={
              <p>
                It is done now, whatever its schedule: <Text text={does} />
              </p>
            }
            input={() => ({ task: id })}
            done={({ outcome, because }) => `${name}: ${outcome}, ${because}`}
          />
          <ActionDialog
            operation="task.remove"
            label="Remove…"
            title={`Remove ${name}`}
            confirm="Remove it"
            isDangerous
            says={<p>It is gone for good, with its record of runs; that it was removed stays on the ledger.</p>}
            input={() => ({ task: id })}
            done={() => `${name} is gone.`}
          />
          <Button tone="quiet" onPress={() => setOpen(!isOpen)}>
            {isOpen ? "Hide its runs" : "Its times and runs"}
          </Button>
        </div>
        {isOpen && <Runs task={id} />}
      </div>
    </Card>
  );
}

const sayTimes = ({ cron, timeZone, everyMs }: TaskView): string =>
  cron === null ? `every ${renderDuration(everyMs ?? 0)}` : `${cron}${timeZone === null ? "" : ` (${timeZone})`}`;

const RUNS = { done: "✓ done", failed: "✕ failed", skipped: "– skipped", running: "● running" } as const;

function Runs({ task }: { readonly task: string }) {
  const { data, error } = useOperation("task.show", { task });
  if (error !== null) return <Problem error={error} />;
  if (data === undefined) return <p className="quiet">Reading its runs…</p>;
  return (
    <div className="grid">
      <div>
        <h3>Next</h3>
        {data.next.length === 0 ? (
          <p className="quiet">It does not run while it is paused.</p>
        ) : (
          <ol>
            {data.next.map((at) => (
              <li key={at}>
                <When at={at} />
              </li>
            ))}
          </ol>
        )}
      </div>
      <div>
        <h3>Last runs</h3>
        {data.runs.length === 0 ? (
          <p className="quiet">It has not run yet.</p>
        ) : (
          <ul className="plain-list">
            {data.runs.map(({ id, begunAt, outcome, because }) => (
              <li key={id}>
                <strong>{RUNS[outcome]}</strong> <When at={begunAt} /> <Text text={because} />
              </li>
            ))}
          </ul>
        )}
      </div>
    </div>
  );
}
