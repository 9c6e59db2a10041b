import { type OutputOf, VERDICTS } from "@instar/protocol";
import { useOperation } from "../data/use-operation.ts";
import { Button } from "../parts/button.tsx";
import { Card } from "../parts/card.tsx";
import { DataTable } from "../parts/data-table.tsx";
import { PageHead } from "../parts/page-head.tsx";
import { Problem } from "../parts/problem.tsx";
import { Text } from "../parts/text.tsx";
import { Verdict } from "../parts/verdict.tsx";

type Check = OutputOf<"doctor">["checks"][number];

/** What is wrong stands first, with what to do about it. */
export function DoctorPage() {
  const { data, error, isFetching, refetch } = useOperation("doctor", {});
  const rank = ({ verdict }: Check) => -VERDICTS.indexOf(verdict);
  const checks = (data?.checks ?? []).toSorted((a, b) => rank(a) - rank(b));
  const toDo = checks.filter(({ verdict }) => verdict !== "pass");
  const well = checks.filter(({ verdict }) => verdict === "pass");
  return (
    <>
      <PageHead
        title="Doctor"
        actions={
          <Button isDisabled={isFetching} onPress={() => void refetch()}>
            {isFetching ? "Looking…" : "Look again"}
          </Button>
        }
      >
        Looks at this machine, the data folder and the settings for what is wrong, and says what to do.
      </PageHead>
      {error !== null && <Problem error={error} />}
      {data === undefined && error === null && <p className="quiet">Looking…</p>}
      {data !== undefined && (
        <>
          <Card title={toDo.length === 0 ? "Nothing is wrong" : `${toDo.length} to look at`} aside={<Verdict verdict={data.verdict} />}>
            {toDo.length === 0 ? (
              <p>All {checks.length} checks passed.</p>
            ) : (
              <ul className="plain-list">
                {toDo.map((check) => (
                  <li key={`${check.area} ${check.what}`}>
                    <p>
                      <Verdict verdict={check.verdict} /> <strong>{check.area}</strong>: <Text text={check.what} />
                    </p>
                    <p>
                      <Text text={check.because} />
                    </p>
                    {check.advice !== "" && (
                      <p>
                        <strong>What to do:</strong> <Text text={check.advice} />
                      </p>
                    )}
                  </li>
                ))}
              </ul>
            )}
          </Card>
          <Card title="What is well">
            <DataTable
              label="Checks that passed"
              rows={well}
              keyOf={({ area, what }) => `${area} ${what}`}
              columns={[
                { id: "area", title: "Area", cell: ({ area }) => area },
                { id: "what", title: "What", cell: ({ what }) => <Text text={what} /> },
                { id: "because", title: "Because", isSecondary: true, cell: ({ because }) => <Text text={because} /> },
              ]}
              empty={<p className="quiet">No check passed.</p>}
            />
          </Card>
          <Sandboxes sandboxes={data.sandboxes} />
        </>
      )}
    </>
  );
}

const ENFORCED = { yes: ["good", "✓ yes"], partly: ["wait", "~ partly"], no: ["none", "○ no"] } as const;

/** What keeps a candidate's code in, as it was tried on this machine just now. */
function Sandboxes({ sandboxes }: { readonly sandboxes: OutputOf<"doctor">["sandboxes"] }) {
  return sandboxes.map(({ name, available, because, advice, aspects }) => (
    <Card
      key={name}
      title={`Sandbox: ${name}`}
      aside={<span className={`badge badge-${available ? "good" : "none"}`}>{available ? "✓ works here" : "○ not here"}</span>}
    >
      <p>
        <Text text={because} />
        {advice !== "" && (
          <>
            {" "}
            <strong>What to do:</strong> <Text text={advice} />
          </>
        )}
      </p>
      {available && (
        <DataTable
          label={`What ${name} enforces here`}
          rows={aspects}
          keyOf={({ aspect }) => aspect}
          columns={[
            { id: "aspect", title: "Kept from", cell: ({ aspect }) => aspect },
            {
              id: "enforced",
              title: "Enforced",
              cell: ({ enforced }) => <span className={`badge badge-${ENFORCED[enforced][0]}`}>{ENFORCED[enforced][1]}</span>,
            },
            { id: "by", title: "By", cell: ({ by }) => by || "nothing" },
            { id: "because", title: "Seen", isSecondary: true, cell: ({ because: seen }) => <Text text={seen} /> },
          ]}
        />
      )}
    </Card>
  ));
}
