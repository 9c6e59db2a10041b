import { Link } from "@tanstack/react-router";
import { useOperation } from "../data/use-operation.ts";
import { PageHead } from "../parts/page-head.tsx";
import { Problem } from "../parts/problem.tsx";
import { Text } from "../parts/text.tsx";
import { AgentCard } from "./overview/agent-card.tsx";
import { AvailableCard } from "./overview/available-card.tsx";
import { FirstRun } from "./overview/first-run.tsx";
import { KeepingCard } from "./overview/keeping-card.tsx";
import { SourcesCard } from "./overview/sources-card.tsx";
import { UpdateCard } from "./overview/update-card.tsx";
import { VersionsCard } from "./overview/versions-card.tsx";
import "./overview/overview.css";

/** Answered within five seconds of coming in at three in the morning: does it serve, what is going on, must I do something. */
export function OverviewPage() {
  // Traffic moves without an event of its own.
  const { data: status, error } = useOperation("status", {}, { everyMs: 5_000 });
  return (
    <>
      <PageHead title="Overview">{status !== undefined && <Text text={capitalise(status.waiting)} />}</PageHead>
      {error !== null && status === undefined && <Problem error={error} />}
      {status === undefined && error === null && <p className="quiet">Asking…</p>}
      {status !== undefined && (
        <div className="overview">
          {status.agent.release === null && status.update === null && <FirstRun status={status} />}
          <AgentCard status={status} />
          {status.update !== null && <UpdateCard update={status.update} observation={status.observation} />}
          <AvailableCard status={status} />
          {status.slots.length > 1 && <VersionsCard slots={status.slots} />}
          <div className="grid">
            <SourcesCard sources={status.sources} marks={status.marks} />
            <KeepingCard status={status} />
          </div>
          <p className="quiet">
            Instar {status.versions.instar} on Node {status.versions.node}. <Link to="/doctor">Look for what is wrong</Link>
          </p>
        </div>
      )}
    </>
  );
}

const capitalise = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
