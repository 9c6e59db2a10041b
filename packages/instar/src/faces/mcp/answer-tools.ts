import { type Implementations, OPERATIONS, type Operation, renderProblem } from "@instar/protocol";
import { ProtocolError, ProtocolErrorCode } from "@modelcontextprotocol/server";
import type { Entrance } from "../../operations/open-entrance.ts";
import { parseInput } from "../parse-input.ts";
import type { ToolDesk } from "./create-mcp-server.ts";
import type { Hide } from "./hide-from-agents.ts";
import { type PlannedTool, TOOLS, toolInputOf, toolNameOf, whyNoTool } from "./plan-tools.ts";
import { renderToolAnswer, renderToolError } from "./render-tool-result.ts";

export interface ToolParts {
  readonly entrance: Pick<Entrance, "assertMay" | "implement">;
  readonly caller: Awaited<ReturnType<Entrance["admit"]>>;
  /** Makes an operation run, with its input parsed. */
  readonly run: (implementations: Implementations, operation: Operation, raw: unknown) => Promise<unknown>;
  readonly hide: Hide;
}

/** The tools of one caller, where the operations are. What he may not call he is not shown; should he call it all the same, the entrance refuses. */
export function answerTools({ entrance, caller, run, hide }: ToolParts): ToolDesk {
  return {
    list: async () => {
      try {
        // Once for all of them, as `whoami` says it: to be asked tool by tool the policies would be read as often.
        const { mayDo } = await entrance.implement(caller).whoami({});
        return [...TOOLS.values()].filter(({ operation }) => mayDo.includes(operation.name)).map(({ tool }) => tool);
      } catch (error) {
        throw new ProtocolError(ProtocolErrorCode.InternalError, "Instar cannot say which tools there are", hide(renderProblem(error)));
      }
    },
    call: async (name, input) => {
      const { operation } = findTool(name);
      try {
        await entrance.assertMay(caller, operation.name);
        parseInput({ ...operation, input: toolInputOf(operation) }, input);
        const answer = await run(entrance.implement(caller), operation, input);
        return renderToolAnswer(operation.mcp?.isVerbatim === true ? answer : hide(answer));
      } catch (error) {
        return renderToolError(hide(renderProblem(error)));
      }
    },
  };
}

/** @throws ProtocolError, with the reason where an operation of that name is no tool */
function findTool(name: string): PlannedTool {
  const tool = TOOLS.get(name);
  if (tool !== undefined) return tool;
  const operation = (OPERATIONS as readonly Operation[]).find((known) => toolNameOf(known) === name);
  const why = operation === undefined ? "" : `: ${whyNoTool(operation)}`;
  throw new ProtocolError(ProtocolErrorCode.InvalidParams, `there is no tool ${JSON.stringify(name.slice(0, 80))}${why}`);
}
