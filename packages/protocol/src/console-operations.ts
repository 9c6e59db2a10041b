import { z } from "zod";
import { defineOperation, none } from "./operation.ts";

/** How a person gets from a terminal into the web console. */
export const CONSOLE_OPERATIONS = [
  defineOperation({
    name: "console",
    kind: "command",
    needs: "look",
    summary: "An address that opens the web console once, within two minutes, as whoever asks for it",
    input: none,
    output: z.object({
      url: z.string().describe("With a login code behind the #, which no server and no proxy sees"),
      elsewhere: z.array(z.string()).describe("The same by each of door.hosts, for a browser on another machine"),
      expiresAt: z.string(),
    }),
    positional: [],
    offline: false,
    hiddenFrom: { mcp: "it is for a person with a browser: what an agent may do, it has tools for" },
  }),
] as const;
