import { useParams } from "@tanstack/react-router";
import { Answer } from "../parts/answer.tsx";
import { PageHead } from "../parts/page-head.tsx";

export function UpdatePage() {
  const { id } = useParams({ from: "/updates/$id" });
  return (
    <>
      <PageHead title="Update" />
      <Answer operation="update.show" input={{ update: id }} title="The update" />
    </>
  );
}
