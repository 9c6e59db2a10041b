import { Answer } from "../parts/answer.tsx";
import { PageHead } from "../parts/page-head.tsx";

export function LedgerPage() {
  return (
    <>
      <PageHead title="Ledger" />
      <Answer operation="audit.list" input={{}} title="The newest entries of the ledger" />
    </>
  );
}
