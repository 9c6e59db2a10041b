import type { UpdateView } from "@instar/protocol";
import { Card } from "../../parts/card.tsx";
import { EmptyState } from "../../parts/empty-state.tsx";
import { Text } from "../../parts/text.tsx";
import { Verdict } from "../../parts/verdict.tsx";
import { planConditions } from "./plan-conditions.ts";

/** What must hold before it proceeds, and how far it does. */
export function Conditions({ update }: { readonly update: UpdateView }) {
  const conditions = planConditions(update.steps);
  const waiting = update.steps.find(({ state }) => state === "waiting");
  return (
    <Card title="Conditions">
      {conditions.length === 0 && <EmptyState title="No gate was looked at yet">They are listed here as the steps come to them.</EmptyState>}
      <ul className="plain-checks">
        {conditions.map(({ what, verdict, because }) => (
          <li key={what}>
            <Verdict verdict={verdict} /> <strong>{what}</strong>: <Text text={because} />
          </li>
        ))}
      </ul>
      {update.outcome === null && waiting !== undefined && (
        <p className="mark">
          Waits: <Text text={waiting.because} />
        </p>
      )}
    </Card>
  );
}
