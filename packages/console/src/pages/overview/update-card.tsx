import type { ObservationView, UpdateView } from "@instar/protocol";
import { Link } from "@tanstack/react-router";
import { Card } from "../../parts/card.tsx";
import { Outcome } from "../../parts/outcome.tsx";
import { Pipeline } from "../../parts/pipeline.tsx";
import { renderDuration } from "../../parts/render-time.ts";
import { Text } from "../../parts/text.tsx";
import { When } from "../../parts/when.tsx";
import { UpdateActions } from "../update/update-actions.tsx";

/** The update under way as it moves, with what one can say to it; or the newest, with how it ended. */
export function UpdateCard({ update, observation }: { readonly update: UpdateView; readonly observation: ObservationView | null }) {
  const isOpen = update.outcome === null;
  return (
    <Card title={isOpen ? "The update under way" : "The newest update"} aside={<Outcome update={update} />}>
      <p className="lead">
        <Link to="/updates/$id" params={{ id: update.id }}>
          <Text text={`${update.versionFrom ?? "nothing"} → ${update.versionTo}`} />
        </Link>{" "}
        <span className="quiet">
          began <When at={update.startedAt} />
          {update.endedAt !== null && (
            <>
              , ended <When at={update.endedAt} />
            </>
          )}
        </span>
      </p>
      <Pipeline update={update} isBrief />
      {!isOpen && update.because !== "" && (
        <p>
          <Text text={update.because} />
        </p>
      )}
      {isOpen && observation !== null && observation.update === update.id && (
        <p>
          Observation: <Text text={observation.because} />{" "}
          <span className="quiet">
            ({renderDuration(observation.window.countedMs)} of {renderDuration(observation.window.neededMs)}, {observation.window.requests} of{" "}
            {observation.window.neededRequests} requests)
          </span>
        </p>
      )}
      {isOpen && <UpdateActions update={update} />}
    </Card>
  );
}
