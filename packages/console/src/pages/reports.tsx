import { Answer } from "../parts/answer.tsx";
import { PageHead } from "../parts/page-head.tsx";

export function ReportsPage() {
  return (
    <>
      <PageHead title="Reports" />
      <Answer operation="audit.report" input={{}} title="Of the last thirty days" />
    </>
  );
}
