import { request } from "node:http";
import { InstarError, type Operation, type Problem, parseProblem, routeOf, type UpdateView } from "@instar/protocol";
import type { DaemonDoor } from "../../daemon/read-daemon-door.ts";

/** Calls an operation of a running daemon. @throws the error that the daemon answered, or NOT_RUNNING where none answers or nobody waits for it any more */
export async function callDaemon(door: DaemonDoor, operation: Operation, input: Readonly<Record<string, unknown>>, signal?: AbortSignal): Promise<unknown> {
  const { method, path } = routeOf(operation);
  const query = new URLSearchParams(Object.entries(input).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)] as [string, string]])));
  const target = method === "GET" && query.size > 0 ? `${path}?${query}` : path;
  const { status, body } = await call(door, method, target, method === "POST" ? JSON.stringify(input) : undefined, signal);
  if (status === 200) return body;
  throw parseProblem(body as Problem);
}

function call(
  door: DaemonDoor,
  method: string,
  path: string,
  body: string | undefined,
  signal: AbortSignal | undefined,
): Promise<{ status: number; body: unknown }> {
  return new Promise((resolve, reject) => {
    const unreachable = (cause?: unknown) =>
      reject(
        new InstarError("NOT_RUNNING", "the daemon does not answer", {
          cause,
          advice: "It is started again by itself within seconds; `instar status` says more.",
        }),
      );
    const asked = request(
      {
        host: "127.0.0.1",
        port: door.port,
        method,
        path,
        agent: false,
        ...(signal === undefined ? {} : { signal }),
        headers: { authorization: `Bearer ${door.token}`, ...(body === undefined ? {} : { "content-type": "application/json" }) },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", unreachable);
        response.on("end", () => {
          try {
            resolve({ status: response.statusCode ?? 0, body: JSON.parse(Buffer.concat(chunks).toString("utf8")) });
          } catch (cause) {
            unreachable(cause);
          }
        });
      },
    );
    asked.on("error", unreachable);
    asked.end(body);
  });
}

/** The one place where an error becomes text: our sentence, what can be done, and the causes below. */
export function renderError(error: unknown): string {
  const lines = [
    InstarError.is(error) ? `${error.code}: ${error.message}` : `unexpected: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
  ];
  if (InstarError.is(error) && error.advice !== undefined) lines.push(`  ${error.advice}`);
  for (
    let cause = (error as { cause?: unknown } | null)?.cause, depth = 0;
    cause !== undefined && cause !== null && depth < 5;
    cause = (cause as { cause?: unknown }).cause, depth += 1
  )
    lines.push(`  because: ${cause instanceof Error ? cause.message : String(cause)}`);
  return lines.join("\n");
}

/** What a command that followed an update exits with: 0 where it came out as was asked, else what its outcome means. */
export function exitStatusOfUpdate(operation: string, { outcome }: Pick<UpdateView, "outcome">): number {
  // Who cancels wants the old version, before the exchange or after it; who resolves wants an end.
  if (operation === "update.cancel" && (outcome === "cancelled" || outcome === "rolled-back")) return 0;
  if (operation === "update.resolve" && (outcome === "stuck-resolved" || outcome === "rolled-back")) return 0;
  switch (outcome) {
    case "committed":
    case "superseded":
      return 0;
    case "refused":
    case "cancelled":
      return 4;
    case "rolled-back":
      return 5;
    case "stuck-resolved":
    case null: // Stuck: a person is needed.
      return 6;
    default:
      return outcome satisfies never;
  }
}
