import { Answer } from "../parts/answer.tsx";
import { PageHead } from "../parts/page-head.tsx";

export function BackupsPage() {
  return (
    <>
      <PageHead title="Backups" />
      <Answer operation="backup.list" input={{}} title="Snapshots" />
    </>
  );
}
