import { useOperation } from "../../data/use-operation.ts";
import { Button } from "../../parts/button.tsx";
import { Card } from "../../parts/card.tsx";
import { DataTable } from "../../parts/data-table.tsx";
import { EmptyState } from "../../parts/empty-state.tsx";
import { Problem } from "../../parts/problem.tsx";
import { Text } from "../../parts/text.tsx";
import { Verdict } from "../../parts/verdict.tsx";

/** What people expect of their policies, held against them. */
export function TestPolicies() {
  const { data, error, isFetching, refetch } = useOperation("policy.test", {});
  return (
    <Card
      title="Tests"
      aside={
        <Button isDisabled={isFetching} onPress={() => void refetch()}>
          {isFetching ? "Running…" : "Run them again"}
        </Button>
      }
    >
      {error !== null && <Problem error={error} />}
      {data !== undefined && (
        <>
          <p role="status">
            <Text text={data.because} />
          </p>
          <DataTable
            label="Tests of the policies"
            rows={data.tests.toSorted((a, b) => Number(a.verdict === "pass") - Number(b.verdict === "pass"))}
            keyOf={({ file, name }) => `${file} ${name}`}
            columns={[
              { id: "verdict", title: "Verdict", cell: ({ verdict }) => <Verdict verdict={verdict} /> },
              { id: "name", title: "Test", cell: ({ name }) => <Text text={name} /> },
              { id: "because", title: "Because", cell: ({ because }) => <Text text={because} /> },
              { id: "file", title: "File", isSecondary: true, cell: ({ file }) => <Text text={file} /> },
            ]}
            empty={
              <EmptyState title="There are no tests">
                Write what you expect into policy/own.test.yaml: docs/policy.md has examples. A policy that nobody tests is one that nobody knows.
              </EmptyState>
            }
          />
        </>
      )}
    </Card>
  );
}
