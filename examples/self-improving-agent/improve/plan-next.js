// What to do next about requests that could not be answered. Values in, one move out; the same after a restart as before it.

/** A first try, and two revisions of what was rejected. */
export const TRIES = 3;
const HOUR_MS = 3_600_000;

/**
 * @param {object} world
 * @param {object[]} world.requests oldest first
 * @param {object[]} world.deployments as `code_deployments` gives them, newest first
 * @param {number[]} world.attemptsMs when changes were begun within the last hour
 * @param {number} world.attemptsPerHour
 * @param {number} world.nowMs
 * @param {(question: object) => number | undefined} world.answerOf what the code that runs makes of a question
 * @returns {{ kind: "learn", update: string, request: object | null } | { kind: "note", request: object } | { kind: "try", request: object } | { kind: "rest", because: string }}
 *   `learn`: an ended deployment, and what it makes of its request; the book is written first, then it is acknowledged
 */
export function planNext({ requests, deployments, attemptsMs, attemptsPerHour, nowMs, answerOf }) {
  const unseen = deployments.findLast(({ outcome, isAcknowledged }) => outcome !== null && !isAcknowledged);
  if (unseen !== undefined) return { kind: "learn", update: unseen.update, request: judgeEnded(unseen, requests, answerOf) };

  const underWay = deployments.find(({ outcome }) => outcome === null);
  if (underWay !== undefined) return followOne(underWay, requests);

  const request = requests.find(({ state, notBeforeMs }) => state === "waiting" && notBeforeMs <= nowMs);
  if (request === undefined) return { kind: "rest", because: "nothing waits that may be tried now" };
  const answer = answerOf(request.question);
  if (answer !== undefined) return { kind: "note", request: end(request, "done", "it is known now", { answer }) };
  if (request.tries >= TRIES) return { kind: "note", request: end(request, "failed", `it was tried ${TRIES} times: ${request.because}`) };
  if (attemptsMs.length >= attemptsPerHour) return restUntil(request, Math.min(...attemptsMs) + HOUR_MS - nowMs, attemptsPerHour);
  return { kind: "try", request };
}

/** @returns null where nobody waits for it: it is acknowledged all the same */
function judgeEnded(deployment, requests, answerOf) {
  const request = requests.find(({ id, state }) => id === deployment.asker && state === "waiting");
  if (request === undefined) return null;
  const { outcome, because, comment, update } = deployment;
  if (outcome === "committed") {
    const answer = answerOf(request.question);
    if (answer !== undefined) return end(request, "done", "the change was deployed", { answer, update });
    return end(request, "failed", "the change was deployed, and the question still has no answer", { update });
  }
  // A person who ends it without a word on what to do better wants no other one.
  if (outcome === "cancelled") return end(request, "failed", `a person cancelled it: ${because}`, { comment, update });
  const said = `the change was ${outcome}: ${because}`;
  return request.tries >= TRIES ? end(request, "failed", said, { comment, update }) : { ...request, because: said, rejected: said, comment, update };
}

function followOne(deployment, requests) {
  const what = deployment.needsPerson ? "a person is asked about the change" : "the change is on its way";
  const because = deployment.because === "" ? what : `${what}: ${deployment.because}`;
  const request = requests.find(({ id, state }) => id === deployment.asker && state === "waiting");
  if (request === undefined || (request.because === because && request.update === deployment.update)) return { kind: "rest", because };
  return { kind: "note", request: { ...request, because, update: deployment.update } };
}

function restUntil(request, leftMs, attemptsPerHour) {
  const because = `${attemptsPerHour} changes were begun within an hour: the next in ${Math.ceil(leftMs / 60_000)} minutes at the earliest`;
  return request.because === because ? { kind: "rest", because } : { kind: "note", request: { ...request, because } };
}

export const end = (request, state, because, more = {}) => ({ ...request, ...more, state, because });
