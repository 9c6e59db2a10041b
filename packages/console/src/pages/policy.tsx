import { Answer } from "../parts/answer.tsx";
import { PageHead } from "../parts/page-head.tsx";

export function PolicyPage() {
  return (
    <>
      <PageHead title="Policy" />
      <Answer operation="policy.show" input={{}} title="The policies that hold" />
    </>
  );
}
