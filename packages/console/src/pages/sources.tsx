import { Answer } from "../parts/answer.tsx";
import { PageHead } from "../parts/page-head.tsx";

export function SourcesPage() {
  return (
    <>
      <PageHead title="Sources" />
      <Answer operation="source.list" input={{}} title="Where new versions come from" />
    </>
  );
}
