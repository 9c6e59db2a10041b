import type { StatusView } from "@instar/protocol";
import { Card } from "../../parts/card.tsx";
import { DataTable } from "../../parts/data-table.tsx";
import { renderCount, renderMs, renderShare } from "../../parts/render-number.ts";
import { Text } from "../../parts/text.tsx";

const ROLES = { serving: "serves", trial: "on trial", beside: "kept warm" } as const;

/** Every version that is kept running, beside each other. */
export function VersionsCard({ slots }: { readonly slots: StatusView["slots"] }) {
  return (
    <Card title="Versions that run">
      <DataTable
        label="Versions that run"
        rows={slots}
        keyOf={({ slot }) => slot}
        columns={[
          { id: "version", title: "Version", cell: ({ version, slot }) => <Text text={`${version ?? "none"} (${slot})`} /> },
          { id: "role", title: "Role", cell: ({ role, share }) => (role === "trial" ? `on trial with ${renderShare(share, 1)}` : ROLES[role]) },
          { id: "requests", title: "Requests", align: "end", cell: ({ requests }) => renderCount(requests) },
          { id: "failed", title: "Errors", align: "end", cell: ({ failed, requests }) => renderShare(failed, requests) },
          { id: "median", title: "Median", align: "end", isSecondary: true, cell: ({ medianMs }) => renderMs(medianMs) },
          { id: "p99", title: "99 % within", align: "end", isSecondary: true, cell: ({ p99Ms }) => renderMs(p99Ms) },
        ]}
      />
    </Card>
  );
}
