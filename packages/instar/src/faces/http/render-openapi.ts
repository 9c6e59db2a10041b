import { ERROR_CODES, OPERATIONS, type Operation, routeOf } from "@instar/protocol";
import { z } from "zod";

/** The protocol as OpenAPI 3.1, from the same table that the server is made of. Deterministic, since it is kept in git. */
export function renderOpenApi(version: string): string {
  const paths: Record<string, unknown> = {};
  for (const operation of OPERATIONS as readonly Operation[]) {
    const { method, path } = routeOf(operation);
    paths[path] = { [method.toLowerCase()]: describe(operation) };
  }
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
      default: { description: "Anything else", content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } } },
    },
  };
}

function schemaOf(schema: z.ZodType, io: "input" | "output"): unknown {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: "any" }) as Record<string, unknown>;
  return rest;
}
