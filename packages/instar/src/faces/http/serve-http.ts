import { timingSafeEqual } from "node:crypto";
import type { AddressInfo } from "node:net";
import { serve } from "@hono/node-server";
import { ERROR_CODES, type Implementations, InstarError, OPERATIONS, type Operation, renderProblem, routeOf } from "@instar/protocol";
import { type Context, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import type { z } from "zod";

export interface HttpFace {
  readonly port: number;
  close(): Promise<void>;
}

const BODY_LIMIT_BYTES = 1_048_576;
/** For an operation that takes a file's text: as JSON its quotes and line ends take two bytes each. */
const FILE_BODY_LIMIT_BYTES = 8_388_608;

/** The protocol over HTTP, on loopback, for whoever has the token. Every route comes from the table of operations. */
export async function serveHttp(implementations: Implementations, token: string, port = 0): Promise<HttpFace> {
  const app = createApp(implementations, token);
  return new Promise((resolve, reject) => {
    const server = serve({ fetch: app.fetch, hostname: "127.0.0.1", port }, (address: AddressInfo) =>
      resolve({
        port: address.port,
        close: () =>
          new Promise((closed) => {
            server.close(() => closed());
            if ("closeAllConnections" in server) server.closeAllConnections();
          }),
      }),
    );
    server.on("error", reject);
  });
}

function createApp(implementations: Implementations, token: string): Hono {
  const app = new Hono();
  app.onError((error, context) => problem(context, error));
  app.notFound((context) => problem(context, new InstarError("NOT_FOUND", `there is no ${context.req.method} ${context.req.path}`)));
  app.use("*", async (context, next) => {
    // A page in a browser that was led to this port by a DNS trick names another host.
    if (!/^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/.test(context.req.header("host") ?? ""))
      throw new InstarError("UNAUTHORIZED", "this address is not how Instar is called");
    if (!isAuthorized(context.req.header("authorization"), token))
      throw new InstarError("UNAUTHORIZED", "the token is missing or wrong", {
        advice: "Send `Authorization: Bearer …` with the token of the instance's data folder.",
      });
    await next();
  });
  for (const operation of OPERATIONS as readonly Operation[]) {
    const { method, path } = routeOf(operation);
    app.on(method, path, limitBody(operation), async (context) => context.json(await run(implementations, operation, await readInput(context, operation))));
  }
  return app;
}

function limitBody({ fileInput }: Operation): ReturnType<typeof bodyLimit> {
  return bodyLimit({
    maxSize: fileInput === undefined ? BODY_LIMIT_BYTES : FILE_BODY_LIMIT_BYTES,
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
  const parsed = operation.input.safeParse(raw);
  if (!parsed.success) throw new InstarError("INPUT_INVALID", explainIssues(parsed.error), { facts: { operation: operation.name } });
  const implementation = implementations[operation.name as keyof Implementations] as (input: unknown) => Promise<unknown>;
  return implementation(parsed.data);
}

function explainIssues(error: z.ZodError): string {
  return error.issues.map((issue) => `${issue.path.length === 0 ? "the input" : issue.path.join(".")}: ${issue.message}`).join("; ");
}

function isAuthorized(header: string | undefined, token: string): boolean {
  const given = Buffer.from(header ?? "");
  const wanted = Buffer.from(`Bearer ${token}`);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

function problem(context: Context, error: unknown): Response {
  const body = renderProblem(error);
  const status = body.code === "UNEXPECTED" ? 500 : ERROR_CODES[body.code].status;
  return context.body(JSON.stringify(body), status as 500, { "content-type": "application/problem+json" });
}
