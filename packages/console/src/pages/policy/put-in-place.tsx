import { useOperation } from "../../data/use-operation.ts";
import { ActionDialog, type ActionValues } from "../../parts/action-dialog.tsx";
import { encodeText, renderHex, sha256 } from "../../proofs/bytes.ts";
import { EditPreview } from "../settings/edit-preview.tsx";
import { type PolicyText, planPolicyEdit } from "./plan-policy-edit.ts";

interface PutInPlaceProps {
  readonly draft: PolicyText;
  /** What was shown of that file; null: there was none. */
  readonly before: string | null;
  /** Why not yet: it was not tried, or has a mistake. */
  readonly blockedBecause: string | null;
}

/** Writes the drafted file, as an update of the configuration: looked at before, on the ledger, and undone. It holds from the next decision on. */
export function PutInPlace({ draft, before, blockedBecause }: PutInPlaceProps) {
  const { data } = useOperation("settings.show", {});
  const folder = data?.sections.flatMap(({ settings }) => settings).find(({ pointer }) => pointer === "/policy/folder")?.value;
  const planOf = ({ because = "" }: ActionValues, expect?: string | null) =>
    planPolicyEdit(String(folder), draft, {
      because: because.trim() || `${draft.file} was written in the console`,
      ...(expect === undefined ? {} : { expect }),
    });
  return (
    <ActionDialog
      operation="edit.apply"
      label="Put it in place…"
      title={`Write ${draft.file}`}
      confirm="Write it"
      isDangerous
      blockedBecause={typeof folder === "string" ? blockedBecause : "Where policies lie is being asked."}
      says={
        <p>
          The file is written as below, and holds from the next decision on: approvals that were given under the policies of now are void then. What was there
          can be put back under Settings. The agent is not started again.
        </p>
      }
      fields={[{ name: "because", label: "Why", kind: "line" }]}
      preview={{
        operation: "edit.plan",
        input: (values) => ({ plan: planOf(values) }),
        render: (look) => <EditPreview look={look} />,
        refuses: ({ verdict, because }) => (verdict === "pass" ? null : because),
      }}
      input={async (values) => ({ plan: planOf(values, before === null ? null : `sha256:${renderHex(await sha256(encodeText(before)))}`) })}
      done={() => `${draft.file} is written.`}
    />
  );
}
