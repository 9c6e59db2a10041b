import { Answer } from "../parts/answer.tsx";
import { PageHead } from "../parts/page-head.tsx";

export function HistoryPage() {
  return (
    <>
      <PageHead title="History" />
      <Answer operation="history" input={{}} title="The releases on disk" />
    </>
  );
}
