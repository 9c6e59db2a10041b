import { InstarError, renderProblem } from "@instar/protocol";
import {
  type CallToolResult,
  CLIENT_CAPABILITIES_META_KEY,
  CLIENT_INFO_META_KEY,
  PROTOCOL_VERSION_META_KEY,
  ProtocolError,
  ProtocolErrorCode,
  type Tool,
} from "@modelcontextprotocol/server";
import type { ToolDesk } from "./create-mcp-server.ts";
import { TOOLS } from "./plan-tools.ts";
import { type McpDoor, notRunning, postToDaemon } from "./post-to-daemon.ts";
import { renderToolError } from "./render-tool-result.ts";

/** What both ends of this speak: they are of one package, though not always of one version of it. */
const REVISION = "2026-07-28";
/** What can be a tool's name, and stand in a header as it is. */
const NAME = /^[A-Za-z0-9_.-]{1,128}$/;

export interface Carrying {
  readonly version: string;
  /** Asked anew at each question; undefined while no daemon lives. */
  readonly reach: () => Promise<McpDoor | undefined>;
}

/**
 * The tools of a daemon that may come and go. It decides nothing: which tools there are, who may call them and what they answer is the daemon's, also where that
 * is newer than this process, which lives as long as the agent does.
 */
export function carryTools({ version, reach }: Carrying): ToolDesk {
  return {
    list: async (signal) => {
      try {
        return ((await ask("tools/list", {}, {}, signal)) as { tools: readonly Tool[] }).tools;
      } catch (error) {
        // Nobody can say who this is. Clients ask once, at their start: an agent that came up before the daemon would have no tools for good.
        if (InstarError.is(error, "NOT_RUNNING")) return [...TOOLS.values()].map(({ tool }) => tool);
        throw refused(error);
      }
    },
    call: async (name, input, signal) => {
      if (!NAME.test(name)) throw new ProtocolError(ProtocolErrorCode.InvalidParams, `there is no tool ${JSON.stringify(name.slice(0, 80))}`);
      try {
        return (await ask("tools/call", { name, arguments: input }, { "mcp-name": name }, signal)) as CallToolResult;
      } catch (error) {
        if (error instanceof ProtocolError) throw error;
        return renderToolError(renderProblem(error));
      }
    },
  };

  async function ask(method: string, params: object, headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<object> {
    const door = await reach();
    if (door === undefined) throw notRunning(undefined);
    const _meta = {
      [PROTOCOL_VERSION_META_KEY]: REVISION,
      [CLIENT_INFO_META_KEY]: { name: "instar-stdio", version },
      [CLIENT_CAPABILITIES_META_KEY]: {},
    };
    const message = { jsonrpc: "2.0", id: 1, method, params: { ...params, _meta } };
    const reply = await postToDaemon(door, message, { ...headers, "mcp-protocol-version": REVISION, "mcp-method": method }, signal);
    if ("error" in reply) throw ProtocolError.fromError(reply.error.code, reply.error.message, reply.error.data);
    return reply.result as object;
  }
}

/** What keeps a list from being answered, as JSON-RPC says it: a list has no other way to fail. */
function refused(error: unknown): ProtocolError {
  if (error instanceof ProtocolError) return error;
  const problem = renderProblem(error);
  return new ProtocolError(ProtocolErrorCode.InternalError, `${problem.code}: ${problem.detail}`, problem);
}
