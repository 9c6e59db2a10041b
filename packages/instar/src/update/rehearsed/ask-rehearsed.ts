import { Agent, request } from "node:http";
import type { Socket } from "node:net";
import type { Clock } from "../../platform/clock.ts";
import type { Answer, Question, RehearsedAgent } from "../../rehearsal/rehearsed-agent.ts";

/** An answer is read so far; what goes on beyond it is cut. */
const BODY_BYTES = 1_048_576;

/**
 * Asks a version that was started aside, over connections that are kept: the way into the sandbox is not to be measured with each question. No
 * redirect is followed and nothing is decoded.
 */
export function askRehearsed(at: { readonly port: number | null; readonly connect: (port: number) => Promise<Socket>; readonly clock: Clock }): {
  readonly ask: RehearsedAgent["ask"];
  readonly close: () => void;
} {
  const { port, connect, clock } = at;
  const agent = new Agent({ keepAlive: true, maxSockets: 4 });
  agent.createConnection = (_, made) => {
    connect(port ?? 0).then(
      (socket) => made?.(null, socket),
      (error: Error) => made?.(error, undefined as never),
    );
    return undefined;
  };
  const ask: RehearsedAgent["ask"] = async (question) => {
    const first = await askOnce(question);
    // A kept connection may be closed at the far end at the very moment it is used again: that says nothing about the agent.
    return first.wasReused && question.method === "GET" ? (await askOnce(question)).answer : first.answer;
  };
  const askOnce = async (question: Question): Promise<{ answer: Answer; wasReused: boolean }> => {
    const beganMs = clock.monotonicMs();
    const took = () => clock.monotonicMs() - beganMs;
    if (port === null) return { answer: { kind: "silent", because: "it has no port", tookMs: 0 }, wasReused: false };
    let wasReused = false;
    const over = new AbortController();
    const late = clock.sleep(question.timeoutMs, over.signal).then(
      (): Answer => ({ kind: "silent", because: `no answer within ${question.timeoutMs} ms`, tookMs: took() }),
      (): Answer => ({ kind: "silent", because: "it was stopped", tookMs: took() }),
    );
    let end: () => void = () => undefined;
    const answered = new Promise<Answer>((resolve) => {
      const call = request({ host: "127.0.0.1", port, path: question.path, method: question.method, headers: { ...question.headers }, agent }, (response) => {
        const chunks: Buffer[] = [];
        let sizeBytes = 0;
        const done = () =>
          resolve({
            kind: "answered",
            status: response.statusCode ?? 0,
            headers: Object.fromEntries(Object.entries(response.headers).map(([name, value]) => [name, String(value)])),
            body: Buffer.concat(chunks).toString("utf8"),
            tookMs: took(),
          });
        response.on("data", (chunk: Buffer) => {
          sizeBytes += chunk.length;
          if (sizeBytes <= BODY_BYTES) chunks.push(chunk);
          else {
            resolve({ kind: "silent", because: `its answer is larger than ${BODY_BYTES} bytes`, tookMs: took() });
            call.destroy();
          }
        });
        response.on("end", () => (response.complete ? done() : resolve({ kind: "silent", because: "its answer broke off", tookMs: took() })));
        response.on("error", (error) => resolve({ kind: "silent", because: `its answer broke off: ${error.message}`, tookMs: took() }));
        response.on("aborted", () => resolve({ kind: "silent", because: "its answer broke off", tookMs: took() }));
      });
      call.on("error", (error: NodeJS.ErrnoException) => {
        wasReused = call.reusedSocket && error.code === "ECONNRESET";
        resolve({ kind: "silent", because: error.message, tookMs: took() });
      });
      end = () => call.destroy();
      call.end(question.body);
    });
    const answer = await Promise.race([answered, late]);
    over.abort();
    if (answer.kind === "silent") end();
    return { answer, wasReused };
  };
  return { ask, close: () => agent.destroy() };
}
