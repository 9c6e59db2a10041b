import { Answer } from "../parts/answer.tsx";
import { PageHead } from "../parts/page-head.tsx";

export function GuidePage() {
  return (
    <>
      <PageHead title="Guide" />
      <Answer operation="whoami" input={{}} title="Who you are here" />
    </>
  );
}
