import { createHash } from "node:crypto";

/** SHA-256, in hex, of what a model is asked: model, messages and tools, with their keys in order. Temperature and the like are not part of it. */
export function digestRequest({ model, messages, tools }: Record<string, unknown>): string {
  return createHash("sha256")
    .update(JSON.stringify(order({ model, messages, tools: tools ?? null })))
    .digest("hex");
}

function order(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(order);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, each]) => [key, order(each)]),
  );
}
