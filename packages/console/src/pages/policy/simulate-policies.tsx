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
import { joinDraft, listOwn, whyNoName } from "./plan-policy-edit.ts";
import { PutInPlace } from "./put-in-place.tsx";
import { CheckedPolicies } from "./show-policies.tsx";

const NEW = "own.cedar";
const EXAMPLE = `// An example: change it to what you want.
@id("migrations-take-two") @because("a change of the state's shape takes two people")
@approvals("2")
permit (principal, action == Instar::Action::"proceedWithApproval", resource)
when { resource.touches.contains("migrations") };
`;

interface Tried {
  /** What was tried. */
  readonly policies: string;
  readonly check: PolicyCheckView;
  readonly simulation: SimulationView | null;
}

/** A draft of one file, looked through for mistakes, tried on every update of the past beside the other files, and then put in place. */
export function SimulatePolicies() {
  const { data } = useOperation("policy.show", {});
  const own = listOwn(data?.texts ?? []);
  const [chosen, setChosen] = useState<string | null>(null);
  const [name, setName] = useState(NEW);
  const [text, setText] = useState<string | null>(null);
  const [tried, setTried] = useState<Tried | null>(null);
  const [problem, setProblem] = useState<Error | null>(null);
  const check = useCommand("policy.check");
  const simulate = useCommand("policy.simulate");
  const may = useMay("policy.simulate");
  const id = useId();
  const file = chosen ?? own[0]?.file ?? "";
  const before = own.find((each) => each.file === (file === "" ? name.trim() : file))?.text ?? null;
  const draft = { file: file === "" ? name.trim() : file, text: text ?? before ?? EXAMPLE };
  const policies = joinDraft(own, draft);
  const isBusy = check.isPending || simulate.isPending;
  const run = async () => {
    setProblem(null);
    try {
      const found = await check.mutateAsync({ policies });
      setTried({ policies, check: found, simulation: found.verdict === "pass" ? await simulate.mutateAsync({ policies }) : null });
    } catch (error) {
      setProblem(error as Error);
    }
  };
  return (
    <div className="stack">
      <Card title="A draft">
        <p id={`${id}-help`}>While it is tried it takes the place of that file; your other files, and the policies that Instar brings, are tried with it.</p>
        <div className="filters">
          <label className="field">
            <span className="field-label">File</span>
            <select
              value={file}
              onChange={(event) => {
                setChosen(event.target.value);
                setText(null);
              }}
            >
              {own.map((each) => (
                <option key={each.file}>{each.file}</option>
              ))}
              <option value="">a new file</option>
            </select>
          </label>
          {file === "" && (
            <label className="field">
              <span className="field-label">Its name</span>
              <input value={name} autoComplete="off" spellCheck={false} onChange={(event) => setName(event.target.value)} />
            </label>
          )}
        </div>
        <label className="field">
          <span className="field-label">Policies, in Cedar</span>
          <textarea
            className="policy-draft"
            rows={14}
            spellCheck={false}
            aria-describedby={`${id}-help`}
            value={draft.text}
            onChange={(event) => setText(event.target.value)}
          />
        </label>
        <div className="row after-table">
          <Button tone="primary" isDisabled={isBusy || !may.isAllowed} onPress={() => void run()}>
            {isBusy ? "Trying…" : "Try it on the past"}
          </Button>
          {!may.isAllowed && <span className="action-reason">{may.because}</span>}
          <PutInPlace draft={draft} before={before} blockedBecause={whyNoName(draft.file) ?? whyNotYet(tried, policies)} />
        </div>
        {problem !== null && <Problem error={problem} />}
      </Card>
      <div role="status">{tried !== null && <p className="visually-hidden">{tried.simulation?.because ?? tried.check.because}</p>}</div>
      {tried !== null && tried.check.problems.length > 0 && <CheckedPolicies check={tried.check} title="What is wrong with the draft" />}
      {tried?.simulation != null && <Simulated simulation={tried.simulation} />}
    </div>
  );
}

/** Nothing is written that was not tried as it is, or that would deny everything. */
function whyNotYet(tried: Tried | null, policies: string): string | null {
  if (tried?.policies !== policies) return "Try it first, as it is now.";
  return tried.check.verdict === "pass" ? null : "It has a mistake, and with one nothing proceeds.";
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
