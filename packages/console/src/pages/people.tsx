import { Answer } from "../parts/answer.tsx";
import { PageHead } from "../parts/page-head.tsx";

export function PeoplePage() {
  return (
    <>
      <PageHead title="People and tokens" />
      <Answer operation="token.list" input={{}} title="Tokens" />
    </>
  );
}
