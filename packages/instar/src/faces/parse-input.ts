import { InstarError, type Operation } from "@instar/protocol";

/** What somebody sent, as the operation takes it. @throws InstarError INPUT_INVALID naming every mistake */
export function parseInput(operation: Operation, raw: unknown): unknown {
  const parsed = operation.input.safeParse(raw);
  if (parsed.success) return parsed.data;
  const mistakes = parsed.error.issues.map((issue) => `${issue.path.length === 0 ? "the input" : issue.path.join(".")}: ${issue.message}`);
  throw new InstarError("INPUT_INVALID", mistakes.join("; "), { facts: { operation: operation.name } });
}
