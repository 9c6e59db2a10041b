import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { lazy, type ReactNode, Suspense, useEffect, useRef } from "react";
import { useOperation } from "../data/use-operation.ts";
import { announce } from "../parts/announcer.tsx";
import { Outcome } from "../parts/outcome.tsx";
import { PageHead } from "../parts/page-head.tsx";
import { Problem } from "../parts/problem.tsx";
import { Tabs } from "../parts/tabs.tsx";
import { Text } from "../parts/text.tsx";
import { When } from "../parts/when.tsx";
import { wordOfUpdate } from "../parts/words-of-update.ts";
import { AboutTab } from "./update/about-tab.tsx";
import { DecisionTab } from "./update/decision-tab.tsx";
import { ImpactTab } from "./update/impact-tab.tsx";
import { LogTab } from "./update/log-tab.tsx";
import { ObservationTab } from "./update/observation-tab.tsx";
import { RehearsalTab } from "./update/rehearsal-tab.tsx";
import { TestsTab } from "./update/tests-tab.tsx";
import { TimelineTab } from "./update/timeline-tab.tsx";
import { UpdateActions } from "./update/update-actions.tsx";
import "./update/update.css";

/** What draws differences is half as large as the rest of the page, and is brought when somebody wants to read one. */
const DiffTab = lazy(() => import("./update/diff-tab.tsx").then(({ DiffTab: component }) => ({ default: component })));

/** One update, whole: what it is, what was found, what follows, and what can be said to it. */
export function UpdatePage() {
  const { id } = useParams({ from: "/updates/$id" });
  const { tab = "about" } = useSearch({ from: "/updates/$id" });
  const navigate = useNavigate({ from: "/updates/$id" });
  const { data: update, error } = useOperation("update.show", { update: id });
  const word = update === undefined ? null : wordOfUpdate(update);
  useSaid(word);
  if (update === undefined)
    return (
      <>
        <PageHead title="Update" />
        {error === null ? <p className="quiet">Asking…</p> : <Problem error={error} />}
        <p>
          <Link to="/updates">All updates</Link>
        </p>
      </>
    );
  const tabs: readonly { id: string; label: string; content: () => ReactNode }[] = [
    { id: "about", label: "Overview", content: () => <AboutTab update={update} /> },
    { id: "impact", label: "Impact", content: () => <ImpactTab update={update} /> },
    {
      id: "diff",
      label: "Diff",
      content: () => (
        <Suspense fallback={<p className="quiet">Bringing what draws differences…</p>}>
          <DiffTab update={update} />
        </Suspense>
      ),
    },
    { id: "tests", label: "Tests", content: () => <TestsTab update={update} /> },
    { id: "rehearsal", label: "Rehearsal", content: () => <RehearsalTab update={update} /> },
    { id: "decision", label: "Decision", content: () => <DecisionTab update={update} /> },
    { id: "observation", label: "Observation", content: () => <ObservationTab update={update} /> },
    { id: "timeline", label: "Timeline", content: () => <TimelineTab update={update} /> },
    { id: "log", label: "Log", content: () => <LogTab update={update} /> },
  ];
  const name = update.kind === "configuration" ? "Configuration" : `${update.versionFrom ?? "nothing"} → ${update.versionTo}`;
  return (
    <>
      <PageHead title={name}>
        <Outcome update={update} /> began <When at={update.startedAt} />
        {update.endedAt !== null && (
          <>
            , ended <When at={update.endedAt} />
          </>
        )}
        {update.because !== "" && (
          <p className="update-because">
            <Text text={update.because} />
          </p>
        )}
      </PageHead>
      <UpdateActions update={update} />
      <Tabs
        label="About this update"
        tabs={tabs}
        selected={tabs.some((each) => each.id === tab) ? tab : "about"}
        onSelect={(next) => void navigate({ search: { tab: next === "about" ? undefined : next }, replace: true })}
      />
    </>
  );
}

/** What the update does next is said to who cannot see the page; not what it does when the page is opened. */
function useSaid(word: string | null): void {
  const before = useRef<string | null>(null);
  useEffect(() => {
    if (word !== null && before.current !== null && before.current !== word) announce(`The update: ${word}`);
    before.current = word;
  }, [word]);
}
