import { createMcpHandler } from "@modelcontextprotocol/server";
import { answerTools, type ToolParts } from "./answer-tools.ts";
import { createMcpServer } from "./create-mcp-server.ts";
import { createHide } from "./hide-from-agents.ts";

interface McpQuestion extends Omit<ToolParts, "hide"> {
  readonly version: string;
  readonly dataFolder: string | null;
}

/**
 * One question of an agent over HTTP, and its answer. Nothing is kept from one to the next: each is answered for whoever it was admitted as. Clients of the
 * revisions before 2026-07-28 begin with `initialize` and are answered the same.
 */
export async function answerMcp(request: Request, { version, dataFolder, ...parts }: McpQuestion): Promise<Response> {
  const desk = answerTools({ ...parts, hide: createHide(dataFolder) });
  // Nothing here changes by itself, so there is nothing to subscribe to: a stream would stay open for good.
  const handler = createMcpHandler(() => createMcpServer(version, desk), { maxSubscriptions: 0 });
  return handler.fetch(request);
}
