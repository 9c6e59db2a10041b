import { type ErrorComponentProps, Link } from "@tanstack/react-router";
import { Button } from "../parts/button.tsx";
import { Card } from "../parts/card.tsx";
import { PageHead } from "../parts/page-head.tsx";
import { Problem } from "../parts/problem.tsx";

export function NotFoundPage() {
  return (
    <>
      <PageHead title="There is no such page" />
      <Card>
        <p>The address may be of another version of Instar.</p>
        <p>
          <Link to="/">Go to the overview</Link>
        </p>
      </Card>
    </>
  );
}

/** A page that broke says so; the navigation still works. A file of an older build that is gone comes back with a reload. */
export function CrashedPage({ error }: ErrorComponentProps) {
  return (
    <>
      <PageHead title="This page broke" />
      <Problem error={error instanceof Error ? error : new Error(String(error))} />
      <Button onPress={() => window.location.reload()}>Load it again</Button>
    </>
  );
}
