import { readFileSync } from "node:fs";
import { CHANGES, OPERATIONS, type Operation, routeOf } from "@instar/protocol";
import { expect, it } from "vitest";
import { renderOpenApi } from "../../packages/instar/src/faces/http/render-openapi.ts";

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");
const text = read("openapi/instar.v1.json");
const document = JSON.parse(text) as { paths: Record<string, Record<string, { operationId: string; responses: Record<string, unknown> }>> } & Record<
  string,
  unknown
>;

it("the OpenAPI document in git is what the code says", () => {
  const { version } = JSON.parse(read("packages/instar/package.json")) as { version: string };
  expect(text).toBe(renderOpenApi(version));
});

/** What does not end is described by hand. */
const STREAM = "/v1/events";
const ofOperations = Object.entries(document.paths).filter(([path]) => path !== STREAM);

it("it describes every operation at its route, and no other", () => {
  const described = ofOperations.flatMap(([path, methods]) => Object.entries(methods).map(([method, { operationId }]) => `${method} ${path} ${operationId}`));
  const expected = (OPERATIONS as readonly Operation[]).map(
    (operation) => `${routeOf(operation).method.toLowerCase()} ${routeOf(operation).path} ${operation.name}`,
  );
  expect(described.toSorted()).toEqual(expected.toSorted());
});

it("every reference leads somewhere inside", () => {
  const references = findReferences(document);
  expect(references.length).toBeGreaterThan(0);
  for (const reference of references) expect(resolveReference(reference), reference).toBeDefined();
});

it("every operation says what it answers, and that anything else is a problem", () => {
  for (const [, methods] of ofOperations)
    for (const { responses } of Object.values(methods))
      expect(responses).toMatchObject({
        200: { content: { "application/json": { schema: { type: "object" } } } },
        default: { content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } } },
      });
});

it("beside them it describes the stream of events, with every word that this one says", () => {
  const [stream] = Object.values(document.paths[STREAM] ?? {}) as unknown as { description: string; responses: object }[];
  expect(stream?.responses).toMatchObject({ 200: { content: { "text/event-stream": {} } } });
  for (const word of ["hello", "journal", "changed", "reset", ...CHANGES]) expect(stream?.description).toContain(word);
});

function findReferences(value: unknown): string[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => (key === "$ref" && typeof inner === "string" ? [inner] : findReferences(inner)));
}

function resolveReference(reference: string): unknown {
  if (!reference.startsWith("#/")) return undefined;
  return reference
    .slice(2)
    .split("/")
    .reduce<unknown>((found, key) => (found as Record<string, unknown> | undefined)?.[key.replaceAll("~1", "/").replaceAll("~0", "~")], document);
}
