import { InstarCallError } from "./call-error.ts";
import type { Reply } from "./send-request.ts";

export interface Asked {
  readonly operation: string;
  readonly method: "GET" | "POST";
  readonly path: string;
}

/** What a reply means. `no-door` to `strange` say nothing about what was asked; `error` is the daemon's own no. */
export type Judged =
  | { readonly kind: "answer"; readonly value: unknown }
  | { readonly kind: "error"; readonly error: InstarCallError }
  | { readonly kind: "unauthorized"; readonly error: InstarCallError }
  | { readonly kind: "strange"; readonly because: string }
  | { readonly kind: "unreached" }
  | { readonly kind: "lost" }
  | { readonly kind: "ended"; readonly wasSent: boolean };

/** What is over by itself sooner or later: too many calls, a source, a keeper or the daemon itself that is away. */
const TRANSIENT = [429, 502, 503, 504];
const LONGEST = 4_000;

export function judgeReply(reply: Reply, asked: Asked): Judged {
  switch (reply.kind) {
    case "unreached":
    case "lost":
    case "ended":
      return reply;
    case "too-long":
      return { kind: "strange", because: "answers with more than the daemon ever would" };
    case "answered":
      return judgeAnswer(reply, asked);
  }
}

function judgeAnswer({ status, contentType, body }: Extract<Reply, { kind: "answered" }>, asked: Asked): Judged {
  const type = contentType.split(";")[0]?.trim().toLowerCase();
  const isProblem = type === "application/problem+json";
  if (!isProblem && type !== "application/json") return { kind: "strange", because: `answers ${status} and no JSON` };
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return { kind: "strange", because: `answers ${status} and JSON that cannot be read` };
  }
  if (!isProblem) return status >= 200 && status <= 299 ? { kind: "answer", value } : { kind: "strange", because: `answers ${status} without a reason` };
  const error = parseProblem(value, status, asked);
  if (error === undefined) return { kind: "strange", because: `answers ${status} without a reason` };
  return { kind: status === 401 ? "unauthorized" : "error", error };
}

function parseProblem(value: unknown, status: number, { operation, method, path }: Asked): InstarCallError | undefined {
  const { code, detail, advice, facts } = (typeof value === "object" && value !== null ? value : {}) as Record<string, unknown>;
  if (typeof code !== "string" || status < 400) return undefined;
  const because = (typeof detail === "string" ? detail : code).slice(0, LONGEST);
  // The daemon says the same code of a thing that is not there; only of a route that is not does it name the route.
  if (status === 404 && because.includes(`${method} ${path}`))
    return new InstarCallError("not-supported", `this Instar has no operation ${operation}`, {
      operation,
      status,
      advice: "It is older or newer than this SDK: bring them together, or do without.",
    });
  return new InstarCallError(code, because, {
    operation,
    status,
    advice: typeof advice === "string" ? advice.slice(0, LONGEST) : undefined,
    facts: typeof facts === "object" && facts !== null && !Array.isArray(facts) ? (facts as Record<string, unknown>) : {},
    transient: TRANSIENT.includes(status),
  });
}
