import { judgeProposal } from "./judge-proposal.js";
import { end, planNext } from "./plan-next.js";
import { readOwnCode } from "./read-own-code.js";
import { renderQuestion } from "./render-question.js";

const AFTER_FAULT_MS = 30_000;

/**
 * Looks once, and makes one move. Going on after a crash, and as the version that follows, is the same.
 *
 * @param {object} parts
 * @param {import("../requests/request-book.js").RequestBook} parts.book
 * @param {{ call(tool: string, input?: object): Promise<object> }} parts.instar
 * @param {(asked: { instructions: string, prompt: string }) => Promise<object>} parts.ask as `askModel` answers
 * @param {(question: object) => number | undefined} parts.answerOf
 * @param {() => number} parts.now
 * @param {number} parts.attemptsPerHour
 * @returns {Promise<boolean>} whether there is more to do at once
 */
export async function runNext({ book, instar, ask, answerOf, now, attemptsPerHour }) {
  const { deployments } = await instar.call("code_deployments", { limit: 200 });
  const { requests, attemptsMs } = book;
  const move = planNext({ requests, deployments, attemptsMs, attemptsPerHour, nowMs: now(), answerOf });
  switch (move.kind) {
    case "learn":
      if (move.request !== null) book.put(move.request);
      // A crash here: it is learned again, and comes to the same.
      await instar.call("code_acknowledge", { update: move.update });
      return true;
    case "note":
      book.put(move.request);
      return move.request.state !== "waiting";
    case "try": {
      const { base, isStale, changedCount } = await instar.call("code_status");
      // Instar is about to make code-repo of what runs now: whoever changes it meanwhile is in its way.
      if (base === null || (isStale && changedCount === 0)) return false;
      book.put(await tryOnce(book.noteAttempt(move.request), { instar, ask, now, isChanged: changedCount > 0 }));
      return false;
    }
    case "rest":
      return false;
  }
}

/** @returns the request as it is afterwards. A crash anywhere in here leaves it waiting, with one try less. */
async function tryOnce(request, { instar, ask, now, isChanged }) {
  try {
    // What an earlier try left there is not what runs.
    if (isChanged) await instar.call("code_reset");
    const files = await readOwnCode(instar);
    const asked = await ask(renderQuestion(request, files));
    if (asked.kind === "failed") return end(request, "failed", asked.because);
    const judged = judgeProposal(asked.proposal, files, request);
    if (judged.kind === "refused") return end(request, "failed", judged.because);
    for (const write of judged.writes) await instar.call("code_write", write);
    const revises = request.update === null ? {} : { revises: request.update };
    const begun = await instar.call("code_deploy", { message: judged.message, asker: request.id, ...revises });
    if (begun.decision !== "start") return end(request, "failed", `the change was not begun: ${begun.because}`);
    return { ...request, because: "the change is on its way", update: begun.update, rejected: null, comment: null };
  } catch (error) {
    console.log(`try ${request.tries} of ${request.id} could not be done: ${error.message}`);
    // The daemon may be starting again: three tries in three seconds would all meet the same.
    return { ...request, because: `it could not be done: ${error.message.slice(0, 300)}`, notBeforeMs: now() + AFTER_FAULT_MS };
  }
}
