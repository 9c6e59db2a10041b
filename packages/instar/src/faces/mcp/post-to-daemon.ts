import { request } from "node:http";
import { InstarError, type Problem, parseProblem } from "@instar/protocol";
import { MCP_BODY_LIMIT_BYTES } from "./body-limit.ts";

/** Where a daemon listens, and what is shown to it. */
export interface McpDoor {
  readonly port: number;
  readonly token: string;
}

/** A JSON-RPC response, as it came. */
export type Reply = { readonly result: unknown } | { readonly error: { readonly code: number; readonly message: string; readonly data?: unknown } };

/**
 * Brings one JSON-RPC message to a daemon's `/mcp`. Waits as long as the daemon does: a task may run for minutes.
 * @throws InstarError NOT_RUNNING where nobody answers; what the daemon's door refuses (UNAUTHORIZED, RATE_LIMITED, INPUT_INVALID)
 */
export async function postToDaemon({ port, token }: McpDoor, message: object, headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<Reply> {
  const body = JSON.stringify(message);
  // The daemon would hang up in the middle of it, and look as if it were away.
  if (Buffer.byteLength(body) > MCP_BODY_LIMIT_BYTES) throw new InstarError("INPUT_INVALID", "the body is too long");
  const { type, text } = await new Promise<{ type: string; text: string }>((resolve, reject) => {
    const asked = request(
      {
        host: "127.0.0.1",
        port,
        method: "POST",
        path: "/mcp",
        agent: false,
        signal,
        headers: { ...headers, authorization: `Bearer ${token}`, "content-type": "application/json", accept: "application/json, text/event-stream" },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () => resolve({ type: response.headers["content-type"] ?? "", text: Buffer.concat(chunks).toString("utf8") }));
      },
    );
    asked.on("error", reject);
    asked.end(body);
  }).catch((cause: unknown) => {
    throw notRunning(cause);
  });
  const answer = parseJson(text);
  if (type.startsWith("application/problem+json")) throw parseProblem(answer as Problem);
  if ("result" in answer || "error" in answer) return answer as Reply;
  throw notRunning(undefined);
}

/** The daemon is away: between two starts of it, or for good. */
export function notRunning(cause: unknown): InstarError {
  return new InstarError("NOT_RUNNING", "Instar does not answer at present", {
    cause,
    transient: true,
    advice: "Where it is being updated or was killed it is back within seconds: try again. Else a person starts it with `instar up`.",
  });
}

function parseJson(text: string): object {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null) return value;
    throw new TypeError("not an object");
  } catch (cause) {
    throw notRunning(cause);
  }
}
