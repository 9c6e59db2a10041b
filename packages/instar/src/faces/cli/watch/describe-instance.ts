import type { StatusView } from "@instar/protocol";
import { renderClock, renderSpan } from "./render-span.ts";
import { cutRow, labelled, piece, type Row, wrapRow } from "./rows.ts";
import type { Traffic } from "./watch-state.ts";

/** What runs and how it fares, and why nothing is happening where nothing is: status's own words. */
export function describeInstance(status: StatusView, traffic: Traffic | null, nowMs: number): Row[] {
  return [
    describeAgent(status),
    ...describeProcess(status, nowMs),
    ...describeFront(status, traffic),
    ...describeOthers(status),
    labelled("now", wrapRow(piece(status.waiting))),
    ...describeMarks(status),
    ...(status.available === null ? [] : [labelled("to be had", wrapRow(piece(`${status.available.version}: ${status.available.because}`)))]),
    ...(status.ledger.trouble === null ? [] : [labelled("ledger", wrapRow(piece(status.ledger.trouble, "bad")))]),
  ];
}

/** Since when the rest is old, above everything. */
export function describeStale({ sinceMs, because }: { readonly sinceMs: number; readonly because: string }, nowMs: number): Row {
  return wrapRow(
    piece(` STALE since ${renderClock(sinceMs)} (${renderSpan(nowMs - sinceMs)}) `, "bad"),
    piece(` ${because}. What follows is as it was then; it goes on by itself once a daemon answers.`),
  );
}

function describeAgent({ instance, agent }: StatusView): Row {
  const tone = agent.health === "pass" ? "good" : agent.health === "fail" || agent.health === "error" ? "bad" : "turn";
  return cutRow(
    piece(`${instance}  `, "strong"),
    piece(agent.version === null ? "no version yet" : `${agent.version} (${agent.commit?.slice(0, 10) ?? "?"})`, "strong"),
    piece("  "),
    piece(`${agent.health}: ${agent.because}`, tone),
  );
}

function describeProcess({ agent: { slot, containment } }: StatusView, nowMs: number): Row[] {
  if (slot === null) return [];
  const up = slot.startedAt === null ? "not started" : `up ${renderSpan(Math.max(0, nowMs - Date.parse(slot.startedAt)))}`;
  return [
    labelled(
      "agent",
      cutRow(
        piece(`${up}, slot ${slot.slot}, pid ${slot.pid ?? "none"}, `),
        piece(slot.restarts === 0 ? "never restarted" : `restarted ${slot.restarts} times`, slot.restarts === 0 ? "plain" : "turn"),
        piece(`, ${containment}`),
      ),
    ),
  ];
}

function describeFront({ front }: StatusView, traffic: Traffic | null): Row[] {
  if (front === null) return [];
  const { perSecond, failedPerSecond } = traffic ?? { perSecond: null, failedPerSecond: null };
  return [
    labelled(
      "front",
      cutRow(
        ...(front.listening ? [] : [piece("not listening, ", "bad")]),
        ...(front.holding ? [piece("holding requests, ", "turn")] : []),
        piece(`${front.requests} requests${renderPace(perSecond)}, `),
        piece(`${front.failed} failed${renderPace(failedPerSecond === 0 ? null : failedPerSecond)}`, front.failed === 0 ? "plain" : "bad"),
        piece(front.medianMs === null || front.p99Ms === null ? "" : `, median ${Math.round(front.medianMs)} ms, p99 ${Math.round(front.p99Ms)} ms`),
        piece(` on ${front.host}:${front.port}`, "quiet"),
      ),
    ),
  ];
}

const renderPace = (perSecond: number | null) => (perSecond === null ? "" : ` (${perSecond < 10 ? Math.round(perSecond * 10) / 10 : Math.round(perSecond)}/s)`);

/** Versions that run beside the one that serves. */
function describeOthers({ slots }: StatusView): Row[] {
  return slots
    .filter(({ role }) => role !== "serving")
    .map(({ role, share, version, slot, requests, failed, inFlight }) =>
      labelled(
        role,
        cutRow(
          piece(
            `${version ?? "?"} in ${slot}${role === "trial" ? `, ${Math.round(share * 1_000) / 10} % of the callers meet it` : ", no new request goes there"}, ${requests} requests, `,
          ),
          piece(`${failed} failed`, failed === 0 ? "plain" : "bad"),
          piece(`, ${inFlight} under way`),
        ),
      ),
    );
}

function describeMarks({ marks }: StatusView): Row[] {
  const { pinned, held, skipped } = marks;
  const said = [
    ...(pinned === null ? [] : [`pinned at ${pinned.version} by ${pinned.by}${why(pinned.because)}`]),
    ...(held === null ? [] : [`held by ${held.by}${held.until === null ? "" : ` until ${held.until}`}${why(held.because)}`]),
    ...(skipped.length === 0 ? [] : [`skipped: ${skipped.map(({ version }) => version).join(", ")}`]),
  ];
  return said.length === 0 ? [] : [labelled("marks", wrapRow(piece(said.join("; "), "turn")))];
}

const why = (because: string) => (because === "" ? "" : ` (${because})`);
