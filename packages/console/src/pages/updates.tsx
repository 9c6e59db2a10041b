import { Answer } from "../parts/answer.tsx";
import { PageHead } from "../parts/page-head.tsx";

export function UpdatesPage() {
  return (
    <>
      <PageHead title="Updates" />
      <Answer operation="update.list" input={{}} title="Updates" />
    </>
  );
}
