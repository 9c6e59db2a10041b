import { Answer } from "../parts/answer.tsx";
import { PageHead } from "../parts/page-head.tsx";

export function DoctorPage() {
  return (
    <>
      <PageHead title="Doctor" />
      <Answer operation="doctor" input={{}} title="What is wrong, and what to do" />
    </>
  );
}
