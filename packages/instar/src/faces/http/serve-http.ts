import type { Server } from "node:http";
import { createAdaptorServer, type HttpBindings } from "@hono/node-server";
import { ERROR_CODES, type Implementations, InstarError, OPERATIONS, type Operation, renderProblem, routeOf } from "@instar/protocol";
import { type Context, Hono, type MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import type { Entrance } from "../../operations/open-entrance.ts";
import { answerEvents } from "../console/answer-events.ts";
import { admitSession, type ConsoleParts, createConsoleRoutes, LOGIN_LIMIT_BYTES } from "../console/console-routes.ts";
import { MCP_BODY_LIMIT_BYTES } from "../mcp/body-limit.ts";
import { createHide } from "../mcp/hide-from-agents.ts";
import { parseInput } from "../parse-input.ts";
import { type Listening, listenOnLoopback } from "./listen-on-loopback.ts";

type Caller = Awaited<ReturnType<Entrance["admit"]>>;
interface Asked {
  Variables: { caller: Caller };
  Bindings: Partial<HttpBindings>;
}

export type HttpFace = Listening;

/** Whom this face lets in, and what answers them. Without a console's door only who shows a token. */
export type HttpEntrance = Pick<Entrance, "admit" | "assertMay" | "implement"> & {
  readonly console?: ConsoleParts["console"];
  readonly events?: Pick<Entrance["events"], "open">;
};

export interface HttpAbout {
  readonly version: string;
  /** What answers to agents do not name; null where there is none. */
  readonly dataFolder: string | null;
  /** Where the built web console lies; null where it was not built. */
  readonly findConsole?: () => string | null;
  /** Names of other hosts by which this one may be called: those of proxies before it. */
  readonly hosts?: readonly string[];
}

const BODY_LIMIT_BYTES = 1_048_576;
/** For an operation that takes a file's text: as JSON its quotes and line ends take two bytes each. */
const FILE_BODY_LIMIT_BYTES = 8_388_608;
const UNNAMED: HttpAbout = { version: "0.0.0", dataFolder: null };
const KEPT_MS = 75_000;
/** Whoever may ask for this may be told of it as it happens. */
const WHAT_EVENTS_SHOW = "update.list";
/** How this machine is called by itself. */
const LOOPBACK = /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/;

/**
 * The protocol over HTTP, on loopback, for whoever is let in, and the web console. Every route below /v1 comes from the table of operations, and so does every tool at /mcp.
 * @param ports wanted, the first that is free; any after them
 */
export async function serveHttp(entrance: HttpEntrance, about = UNNAMED, ports: readonly number[] = []): Promise<HttpFace> {
  const app = createApp(entrance, about);
  return listenOnLoopback(() => {
    const server = createAdaptorServer({ fetch: app.fetch }) as Server;
    // Longer than a client keeps a connection that is not asked on: one that is closed here just when a question is on its way leaves who asked in the dark.
    server.keepAliveTimeout = KEPT_MS;
    return server;
  }, ports);
}

/** What is refused is refused in this order: another host, no token, too many tries, the role, the input. So nobody learns of what is none of his. */
function createApp(entrance: HttpEntrance, about: HttpAbout): Hono<Asked> {
  const app = new Hono<Asked>();
  const { console } = entrance;
  app.onError((error, context) => problem(context, error));
  app.notFound((context) => problem(context, new InstarError("NOT_FOUND", `there is no ${context.req.method} ${context.req.path}`)));
  app.use("*", async (context, next) => {
    assertCalledByName(context, about.hosts ?? []);
    await next();
    // What is said here is for who asked: it is kept by no cache, and shown by no page of elsewhere.
    const { headers } = context.res;
    for (const [name, value] of GUARDS) if (!headers.has(name)) headers.set(name, value);
  });
  if (console !== undefined) {
    app.use("/console/*", limitBodyTo(LOGIN_LIMIT_BYTES));
    app.route("/", createConsoleRoutes({ console, findFolder: about.findConsole ?? (() => null), dataFolder: about.dataFolder }));
  }
  app.use("*", async (context, next) => {
    const token = readToken(context.req.header("authorization"));
    // A session is for the protocol's operations; an agent's client at /mcp has a token.
    const isForSessions = token === null && console !== undefined && context.req.path !== "/mcp";
    context.set("caller", isForSessions ? await admitSession(context, { console, dataFolder: about.dataFolder }) : await entrance.admit(token));
    await next();
  });
  for (const operation of OPERATIONS as readonly Operation[]) {
    const { method, path } = routeOf(operation);
    const assertMay: MiddlewareHandler<Asked> = async (context, next) => {
      await entrance.assertMay(context.get("caller"), operation.name);
      await next();
    };
    app.on(method, path, assertMay, limitBody(operation), async (context) =>
      context.json(await run(entrance.implement(context.get("caller")), operation, await readInput(context, operation))),
    );
  }
  const { events } = entrance;
  if (events !== undefined)
    app.get("/v1/events", async (context) => {
      const caller = context.get("caller");
      await entrance.assertMay(caller, WHAT_EVENTS_SHOW);
      const stream = events.open(caller, readAfter(context));
      return answerEvents(stream, caller.role === "agent" ? createHide(about.dataFolder) : (value) => value, context.env.outgoing);
    });
  app.all("/mcp", limitBodyTo(MCP_BODY_LIMIT_BYTES), async (context) => {
    const { answerMcp } = await import("../mcp/answer-mcp.ts");
    return answerMcp(context.req.raw, { ...about, entrance, caller: context.get("caller"), run });
  });
  return app;
}

const GUARDS = [
  ["cache-control", "no-store"],
  ["content-security-policy", "default-src 'none'; frame-ancestors 'none'"],
  ["x-content-type-options", "nosniff"],
  ["cross-origin-resource-policy", "same-origin"],
] as const;

/** @throws InstarError UNAUTHORIZED where another host is named, FORBIDDEN where a page of elsewhere asks */
function assertCalledByName({ req }: Context, hosts: readonly string[]): void {
  const isOurs = (host: string) => LOOPBACK.test(host) || hosts.includes(host.toLowerCase().replace(/:\d+$/, ""));
  // A page in a browser that was led to this port by a DNS trick names another host.
  if (!isOurs(req.header("host") ?? "")) throw new InstarError("UNAUTHORIZED", "this address is not how Instar is called");
  // One that calls it by its right name says where it comes from.
  const origin = req.header("origin");
  if (origin !== undefined && !isOurs(origin.replace(/^https?:\/\//, ""))) throw new InstarError("FORBIDDEN", "a page of elsewhere may not ask Instar");
}

/** Only from this header: an address ends up in logs and histories. What is shown otherwise is a token that nobody has. */
function readToken(header: string | undefined): string | null {
  if (header === undefined || header === "") return null;
  return header.startsWith("Bearer ") ? header.slice("Bearer ".length) : "";
}

/** What is not a number in the journal is one that nobody knows. */
function readAfter({ req }: Context<Asked>): number | null {
  const text = req.query("after") ?? req.header("last-event-id");
  if (text === undefined || text === "") return null;
  return /^\d{1,15}$/.test(text) ? Number(text) : Number.MAX_SAFE_INTEGER;
}

const limitBody = ({ fileInput }: Operation) => limitBodyTo(fileInput === undefined ? BODY_LIMIT_BYTES : FILE_BODY_LIMIT_BYTES);

function limitBodyTo(maxSize: number): ReturnType<typeof bodyLimit> {
  return bodyLimit({
    maxSize,
    onError: () => {
      throw new InstarError("INPUT_INVALID", "the body is too long");
    },
  });
}

async function readInput(context: Context, operation: Operation): Promise<unknown> {
  if (operation.kind === "query") return context.req.query();
  const text = await context.req.text();
  if (text === "") return {};
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new InstarError("INPUT_INVALID", "the body is not JSON", { cause });
  }
}

/** Parses at the border, and trusts inside. */
export async function run(implementations: Implementations, operation: Operation, raw: unknown): Promise<unknown> {
  const input = parseInput(operation, raw);
  const implementation = implementations[operation.name as keyof Implementations] as (input: unknown) => Promise<unknown>;
  return implementation(input);
}

function problem(context: Context, error: unknown): Response {
  const body = renderProblem(error);
  const status = body.code === "UNEXPECTED" ? 500 : ERROR_CODES[body.code].status;
  const retryAfter = body.code === "RATE_LIMITED" ? { "retry-after": String(body.facts?.retryAfterSeconds ?? 1) } : {};
  return context.body(JSON.stringify(body), status as 500, { "content-type": "application/problem+json", ...retryAfter });
}
