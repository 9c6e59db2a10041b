import { Answer } from "../parts/answer.tsx";
import { PageHead } from "../parts/page-head.tsx";

export function SchedulePage() {
  return (
    <>
      <PageHead title="Schedule" />
      <Answer operation="task.list" input={{}} title="Tasks" />
    </>
  );
}
