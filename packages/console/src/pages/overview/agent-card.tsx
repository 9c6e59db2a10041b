import type { StatusView } from "@instar/protocol";
import { Card } from "../../parts/card.tsx";
import { Code } from "../../parts/code.tsx";
import { Elapsed } from "../../parts/elapsed.tsx";
import { Facts } from "../../parts/facts.tsx";
import { renderCount, renderMs, renderShare } from "../../parts/render-number.ts";
import { Stat } from "../../parts/stat.tsx";
import { Text } from "../../parts/text.tsx";
import { Verdict } from "../../parts/verdict.tsx";

/** Does it serve, which version, and how well. */
export function AgentCard({ status }: { readonly status: StatusView }) {
  const { agent, front, slots } = status;
  const serving = slots.find(({ role }) => role === "serving");
  return (
    <Card title="The agent" aside={<Verdict verdict={agent.health} />}>
      <p className="lead">
        {agent.version === null ? (
          "No version runs"
        ) : (
          <>
            Version <Text text={agent.version} />
          </>
        )}
        {agent.slot?.startedAt != null && (
          <span className="quiet">
            {" "}
            has run for <Elapsed since={agent.slot.startedAt} />
          </span>
        )}
      </p>
      <p>
        <Text text={agent.because} />
      </p>
      {agent.degraded !== null && (
        <p className="problem-line">
          Degraded: <Text text={agent.degraded} />
        </p>
      )}
      <dl className="stats">
        <Stat
          label="Requests"
          value={front === null ? "–" : renderCount(front.requests)}
          note={serving === undefined ? undefined : `${renderCount(serving.inFlight)} under way`}
        />
        <Stat
          label="Errors"
          value={front === null ? "–" : renderShare(front.failed, front.requests)}
          note={front === null ? "there is no front" : `${renderCount(front.failed)} answers of 500 to 599 or broken`}
          {...(front !== null && front.failed > 0 ? { tone: "bad" as const } : {})}
        />
        <Stat
          label="Latency"
          value={renderMs(front?.medianMs ?? null)}
          note={front?.p99Ms == null ? "median" : `median; 99 % within ${renderMs(front.p99Ms)}`}
        />
        <Stat
          label="Restarts"
          value={agent.slot === null ? "–" : renderCount(agent.slot.restarts)}
          note="of this version"
          {...((agent.slot?.restarts ?? 0) > 0 ? { tone: "wait" as const } : {})}
        />
      </dl>
      <Facts
        facts={[
          ["Slot", agent.slot === null ? null : `${agent.slot.slot}, port ${agent.slot.port ?? "–"}, process ${agent.slot.pid ?? "–"}`],
          ["Commit", agent.commit === null ? null : <Code key="commit" text={agent.commit.slice(0, 12)} />],
          ["Front", front === null ? null : describeFront(front)],
          ["Containment", `${agent.containment}: ${agent.containmentBecause}`],
        ]}
      />
    </Card>
  );
}

function describeFront(front: NonNullable<StatusView["front"]>): string {
  const place = `${front.host}:${front.port}`;
  if (!front.listening) return `${place}, not listening`;
  return front.holding ? `${place}, holding ${front.held} requests for an exchange` : `${place}, listening`;
}
