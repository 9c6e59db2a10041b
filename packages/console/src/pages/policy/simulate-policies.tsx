import type { PolicyCheckView, PolicySaid, SimulationView } from "@instar/protocol";
import { Link } from "@tanstack/react-router";
import { useId, useState } from "react";
import { useMay } from "../../data/use-may.ts";
import { useCommand, useOperation } from "../../data/use-operation.ts";
import { Button } from "../../parts/button.tsx";
import { Card } from "../../parts/card.tsx";
import { DataTable } from "../../parts/data-table.tsx";
import { EmptyState } from "../../parts/empty-state.tsx";
import { Problem } from "../../parts/problem.tsx";
import { Text } from "../../parts/text.tsx";
import { When } from "../../parts/when.tsx";
import { CheckedPolicies } from "./show-policies.tsx";

const EXAMPLE = `// Put it into a file of the folder policy once it does what you want.
@id("migrations-take-two") @because("a change of the state's shape takes two people")
@approvals("2")
permit (principal, action == Instar::Action::"proceedWithApproval", resource)
when { resource.touches.contains("migrations") };
`;

/** A draft, looked through for mistakes and tried on every update of the past. Nothing is put in place. */
export function SimulatePolicies() {
  const { data } = useOperation("policy.show", {});
  const own = data?.texts.filter(({ file }) => !file.startsWith("instar:")) ?? [];
  const [text, setText] = useState<string | null>(null);
  const [tried, setTried] = useState<{ check: PolicyCheckView; simulation: SimulationView | null } | null>(null);
  const [problem, setProblem] = useState<Error | null>(null);
  const check = useCommand("policy.check");
  const simulate = useCommand("policy.simulate");
  const may = useMay("policy.simulate");
  const id = useId();
  const policies = text ?? (own.length === 0 ? EXAMPLE : own.map((each) => each.text).join("\n"));
  const isBusy = check.isPending || simulate.isPending;
  const run = async () => {
    setProblem(null);
    try {
      const found = await check.mutateAsync({ policies });
      setTried({ check: found, simulation: found.verdict === "pass" ? await simulate.mutateAsync({ policies }) : null });
    } catch (error) {
      setProblem(error as Error);
    }
  };
  return (
    <div className="stack">
      <Card title="A draft">
        <p id={`${id}-help`}>
          It takes the place of your own policies while it is tried; those that Instar brings go on to hold. Nothing is put in place from here.
        </p>
        <label className="field">
          <span className="field-label">Policies, in Cedar</span>
          <textarea
            className="policy-draft"
            rows={14}
            spellCheck={false}
            aria-describedby={`${id}-help`}
            value={policies}
            onChange={(event) => setText(event.target.value)}
          />
        </label>
        <div className="row after-table">
          <Button tone="primary" isDisabled={isBusy || !may.isAllowed} onPress={() => void run()}>
            {isBusy ? "Trying…" : "Try it on the past"}
          </Button>
          {!may.isAllowed && <span className="action-reason">{may.because}</span>}
        </div>
        {problem !== null && <Problem error={problem} />}
      </Card>
      <div role="status">{tried !== null && <p className="visually-hidden">{tried.simulation?.because ?? tried.check.because}</p>}</div>
      {tried !== null && tried.check.problems.length > 0 && <CheckedPolicies check={tried.check} title="What is wrong with the draft" />}
      {tried?.simulation != null && <Simulated simulation={tried.simulation} />}
    </div>
  );
}

function Simulated({ simulation }: { readonly simulation: SimulationView }) {
  const differing = simulation.updates.filter(({ differs }) => differs);
  return (
    <Card title={differing.length === 0 ? "It would have said the same of every update" : `${simulation.differing} would have come out otherwise`}>
      <p>
        <Text text={simulation.because} />
      </p>
      <DataTable
        label="What the draft would have said, those that differ first"
        rows={[...differing, ...simulation.updates.filter(({ differs }) => !differs)]}
        keyOf={({ id }) => id}
        columns={[
          {
            id: "version",
            title: "Update",
            cell: ({ id, versionTo }) => (
              <Link to="/updates/$id" params={{ id }}>
                <Text text={versionTo} />
              </Link>
            ),
          },
          { id: "at", title: "When", isSecondary: true, cell: ({ at }) => <When at={at} /> },
          { id: "then", title: "Then", cell: ({ recorded }) => <Said said={recorded} /> },
          {
            id: "would",
            title: "By the draft",
            cell: ({ would, differs }) => (
              <>
                <Said said={would} />
                {differs && <strong> ≠</strong>}
              </>
            ),
          },
          { id: "because", title: "Because", isSecondary: true, cell: ({ would }) => <Text text={would.because} /> },
        ]}
        empty={<EmptyState title="No update was decided upon yet">Once one was, a draft can be tried on it.</EmptyState>}
      />
    </Card>
  );
}

const TONES: Readonly<Record<PolicySaid["outcome"], string>> = { proceed: "good", approval: "wait", later: "wait", refused: "bad" };

function Said({ said }: { readonly said: PolicySaid }) {
  return (
    <span className={`badge badge-${TONES[said.outcome]}`}>
      {said.outcome === "approval" ? `${said.quorum} ${said.quorum === 1 ? "person" : "people"}` : said.outcome}
    </span>
  );
}
