import { Answer } from "../parts/answer.tsx";
import { PageHead } from "../parts/page-head.tsx";

export function ObservationPage() {
  return (
    <>
      <PageHead title="Observation" />
      <Answer operation="metrics" input={{}} title="What is seen of the version that serves" />
    </>
  );
}
