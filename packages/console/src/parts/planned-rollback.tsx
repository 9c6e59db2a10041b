import type { RollbackPlan } from "@instar/protocol";
import { renderDuration } from "./render-time.ts";
import { Text } from "./text.tsx";
import { Verdict } from "./verdict.tsx";

/** What going back would do, take and lose, as `rollback.plan` has it. */
export function PlannedRollback({ plan }: { readonly plan: RollbackPlan }) {
  return (
    <>
      <p>
        <Text text={`To ${plan.target.version}: ${plan.target.because}.`} />
      </p>
      <ul>
        {plan.parts.map((part) => (
          <li key={part.what}>
            {part.what}: <Text text={part.because} />
          </li>
        ))}
      </ul>
      <p>
        {plan.lost.writes > 0 || !plan.lost.isKnown ? <strong>What would be lost: </strong> : "What would be lost: "}
        <Text text={plan.lost.because} />
        {plan.lost.files.total > 0 && ` ${plan.lost.files.total} files of the state differ from then.`}
      </p>
      <p className="quiet">
        It takes {plan.takes.ms === null ? "a time that is not known" : `about ${renderDuration(plan.takes.ms)}`}: <Text text={plan.takes.because} />
      </p>
      <ul className="plain-checks">
        {plan.checks.map((check) => (
          <li key={check.check}>
            <Verdict verdict={check.verdict} /> {check.check.replaceAll("_", " ")}: <Text text={check.because} />
          </li>
        ))}
      </ul>
    </>
  );
}
