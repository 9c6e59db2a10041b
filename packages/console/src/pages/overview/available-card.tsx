import type { StatusView } from "@instar/protocol";
import { ActionDialog } from "../../parts/action-dialog.tsx";
import { Card } from "../../parts/card.tsx";
import { Code } from "../../parts/code.tsx";
import { Text } from "../../parts/text.tsx";
import { Verdict } from "../../parts/verdict.tsx";

const DECISIONS: Readonly<Record<NonNullable<StatusView["available"]>["decision"], string>> = {
  start: "It begins by itself.",
  hold: "It waits for a person.",
  dismiss: "It is not taken.",
  nothing: "Nothing is to be done.",
};

/** What upstream has beyond what runs, and why it has not begun. */
export function AvailableCard({ status }: { readonly status: StatusView }) {
  const { available, update } = status;
  if (available === null) return null;
  return (
    <Card title="A new version is there">
      <p className="lead">
        <Text text={available.version} /> <Code text={available.commit.slice(0, 12)} />
      </p>
      <p>
        {DECISIONS[available.decision]} <Text text={available.because} />
      </p>
      <ActionDialog
        operation="update.apply"
        label="Begin the update"
        title={`Begin the update to ${available.version}`}
        confirm="Begin"
        tone="primary"
        blockedBecause={update !== null && update.outcome === null ? "Another update is under way; one goes after the other." : null}
        says={<p>It goes through every step below. What serves now goes on serving until the exchange, and comes back if the new version does not hold.</p>}
        preview={{
          operation: "plan",
          input: () => ({}),
          render: (plan) => (
            <>
              <p>
                <Text text={plan.would} />
              </p>
              <ul>
                {plan.checks.map((check) => (
                  <li key={check.what}>
                    <Verdict verdict={check.verdict} /> <Text text={`${check.what}: ${check.because}`} />
                  </li>
                ))}
              </ul>
              <p className="quiet">{plan.files.changed} files differ.</p>
            </>
          ),
        }}
        input={() => ({ target: available.commit })}
        done={(begun) => `The update to ${begun.versionTo} has begun.`}
      />
    </Card>
  );
}
