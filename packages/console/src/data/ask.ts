import { InstarError, OPERATIONS, type OperationName, type OutputOf, parseProblem, routeOf } from "@instar/protocol";
import type { z } from "zod";
import { loseSession, sessionHeaders } from "./session.ts";

/** What an operation takes as a person gives it: what has a default may be left out. */
export type AskedOf<Name extends OperationName> = z.input<Extract<(typeof OPERATIONS)[number], { name: Name }>["input"]>;

const ROUTES: ReadonlyMap<string, ReturnType<typeof routeOf>> = new Map(OPERATIONS.map((operation) => [operation.name, routeOf(operation)]));

/** Asks the daemon for one operation. Every way in which it says no is an InstarError. */
export async function ask<Name extends OperationName>(name: Name, input: AskedOf<Name>, signal?: AbortSignal): Promise<OutputOf<Name>> {
  const route = ROUTES.get(name);
  if (route === undefined) throw new InstarError("NOT_FOUND", `there is no operation ${name}`);
  const answer = await fetch(addressOf(route, input), {
    method: route.method,
    headers: { ...sessionHeaders(), ...(route.method === "POST" ? { "content-type": "application/json" } : {}) },
    credentials: "same-origin",
    cache: "no-store",
    ...(route.method === "POST" ? { body: JSON.stringify(input) } : {}),
    ...(signal === undefined ? {} : { signal }),
  }).catch((cause: unknown) => {
    if (signal?.aborted) throw cause;
    throw new InstarError("NOT_RUNNING", "Instar's daemon does not answer", {
      cause,
      transient: true,
      advice: "this page tries again by itself; `instar status` on the machine says what is going on",
    });
  });
  if (answer.status === 401) loseSession("The session has ended. Sign in again to go on where you were.");
  if (!answer.ok) throw await readProblem(answer);
  return (await answer.json()) as OutputOf<Name>;
}

function addressOf({ method, path }: ReturnType<typeof routeOf>, input: object): string {
  if (method === "POST") return path;
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(input)) if (value !== undefined) query.set(name, String(value));
  const text = query.toString();
  return text === "" ? path : `${path}?${text}`;
}

async function readProblem(answer: Response): Promise<Error> {
  try {
    return parseProblem(await answer.json());
  } catch {
    return new Error(`the daemon answered ${answer.status}`);
  }
}
