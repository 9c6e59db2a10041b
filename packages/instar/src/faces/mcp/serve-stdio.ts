import type { Readable, Writable } from "node:stream";
import { StdioServerTransport, serveStdio } from "@modelcontextprotocol/server/stdio";
import { type Carrying, carryTools } from "./carry-tools.ts";
import { createMcpServer } from "./create-mcp-server.ts";

export interface StdioFace extends Carrying {
  readonly stdin: Readable;
  readonly stdout: Writable;
}

/**
 * Speaks MCP on standard input and output until the input ends, or one message of it is longer than 10 MB. Nothing else may be written to that output while
 * this runs. What is under way when it ends is not answered; the daemon goes on with it.
 */
export async function serveMcpOnStdio({ version, reach, stdin, stdout }: StdioFace): Promise<void> {
  const transport = new StdioServerTransport(stdin, stdout);
  const desk = carryTools({ version, reach });
  serveStdio(() => createMcpServer(version, desk), { transport, maxSubscriptions: 0 });
  const closeServer = transport.onclose;
  await new Promise<void>((resolve) => {
    transport.onclose = () => {
      closeServer?.();
      resolve();
    };
  });
}
