import type { Problem } from "@instar/protocol";
import type { CallToolResult } from "@modelcontextprotocol/server";

/** As data, and as the same in text for clients that show nothing else. */
export function renderToolAnswer(answer: unknown): CallToolResult {
  const value = answer as Record<string, unknown>;
  return { content: [{ type: "text", text: JSON.stringify(value) }], structuredContent: value };
}

/** The same problem as over HTTP (RFC 9457): code, sentence, advice and facts; never a stack. */
export function renderToolError(problem: Problem): CallToolResult {
  return { ...renderToolAnswer(problem), isError: true };
}
