import { renderSpan } from "./render-span.ts";
import { marked, piece, type Row, wrapRow } from "./rows.ts";
import type { Reading } from "./watch-state.ts";

/** What waits for a person, each with the keys that answer it; why it waits, status says in its own words just above. */
export function describeTurns({ status: { observation, update: newest }, approvals, update }: Reading): Row[] {
  const asked = approvals
    .filter(({ state }) => state === "waiting")
    .map((approval) =>
      turn(
        `${approval.versionTo} waits for approval`,
        approval.update === update?.id ? "a approves, r rejects, Enter shows all of it" : "choose it with j and k",
      ),
    );
  const confirm = observation?.confirm ?? null;
  const watched =
    observation === null
      ? []
      : [
          ...(observation.waitsFor === "operator" ? [turn(`${observation.version} waits for your judgement`, "o keeps it, c puts the old one back")] : []),
          ...(confirm === null || confirm.isConfirmed
            ? []
            : [turn(`${observation.version} goes back by itself in ${renderSpan(confirm.leftMs)}`, "o keeps it")]),
        ];
  const stuck =
    newest?.state === "error" ? [turn(`the update to ${newest.versionTo} is stuck`, "`instar update resolve retry|accept|abandon` answers it")] : [];
  return [...asked, ...watched, ...stuck];
}

const turn = (what: string, keys: string): Row => marked(piece("YOUR TURN ", "turn"), wrapRow(piece(`${what}: `, "strong"), piece(keys)));
