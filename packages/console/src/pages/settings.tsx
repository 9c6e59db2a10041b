import { Answer } from "../parts/answer.tsx";
import { PageHead } from "../parts/page-head.tsx";

export function SettingsPage() {
  return (
    <>
      <PageHead title="Settings" />
      <Answer operation="doctor" input={{}} title="What the settings come to" />
    </>
  );
}
