import { CHANGES, ERROR_CODES, OPERATIONS, type Operation, routeOf } from "@instar/protocol";
import { z } from "zod";

/** The protocol as OpenAPI 3.1, from the same table that the server is made of. Deterministic, since it is kept in git. */
export function renderOpenApi(version: string): string {
  const paths: Record<string, unknown> = {};
  for (const operation of OPERATIONS as readonly Operation[]) {
    const { method, path } = routeOf(operation);
    paths[path] = { [method.toLowerCase()]: describe(operation) };
  }
  paths["/v1/events"] = { get: EVENTS };
  const document = {
    openapi: "3.1.0",
    info: { title: "Instar", version, description: "Keeps a long-running agent alive while the agent changes. Loopback only; a token is required." },
    servers: [{ url: "http://127.0.0.1:{port}", variables: { port: { default: "0", description: "Any free one; daemon.json in the data folder names it" } } }],
    security: [{ token: [] }],
    paths,
    components: {
      securitySchemes: { token: { type: "http", scheme: "bearer" } },
      schemas: {
        Problem: {
          type: "object",
          description: "RFC 9457",
          required: ["type", "title", "status", "detail", "code"],
          properties: {
            type: { type: "string" },
            title: { type: "string" },
            status: { type: "integer" },
            detail: { type: "string" },
            code: { type: "string", enum: [...Object.keys(ERROR_CODES), "UNEXPECTED"] },
            number: { type: "integer" },
            facts: { type: "object" },
            advice: { type: "string" },
            causes: { type: "array", items: { type: "string" } },
          },
        },
      },
    },
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

const PROBLEM = { description: "Anything else", content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } } };

/** The one path that is no operation: it does not end. */
const EVENTS = {
  operationId: "events",
  summary: "What happens, as it happens: a stream of events, for whoever may list updates",
  description: [
    "`hello` comes first, with the daemon's epoch and version. `journal` is one entry of an update's journal, as `{update, events}`; its id is where to go on after. ",
    `\`changed\` names what else may have moved, as \`{what}\`: ${CHANGES.join(", ")}. \`reset\` says that what came between is not told: read everything again. `,
    "A comment every fifteen seconds is a sign of life. The stream ends with the token that opened it.",
  ].join(""),
  parameters: [
    {
      name: "after",
      in: "query",
      required: false,
      description: "The id of the newest event that is known; what came after it comes first. Also as the header Last-Event-ID.",
      schema: { type: "integer" },
    },
  ],
  responses: { 200: { description: "Events", content: { "text/event-stream": { schema: { type: "string" } } } }, default: PROBLEM },
};

function describe(operation: Operation): unknown {
  const input = schemaOf(operation.input, "input") as { properties?: Record<string, unknown>; required?: string[] };
  const parameters = Object.entries(input.properties ?? {}).map(([name, schema]) => ({
    name,
    in: "query",
    required: input.required?.includes(name) ?? false,
    schema,
  }));
  return {
    operationId: operation.name,
    summary: operation.summary,
    ...(operation.kind === "query" ? (parameters.length === 0 ? {} : { parameters }) : { requestBody: { content: { "application/json": { schema: input } } } }),
    responses: {
      200: { description: "Done", content: { "application/json": { schema: schemaOf(operation.output, "output") } } },
      default: PROBLEM,
    },
  };
}

function schemaOf(schema: z.ZodType, io: "input" | "output"): unknown {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: "any" }) as Record<string, unknown>;
  return rest;
}
