import { Answer } from "../parts/answer.tsx";
import { PageHead } from "../parts/page-head.tsx";

export function OverviewPage() {
  return (
    <>
      <PageHead title="Overview" />
      <Answer operation="status" input={{}} title="What runs" />
    </>
  );
}
