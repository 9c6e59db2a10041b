import { type Implementations, InstarError } from "@instar/protocol";
import { readDaemonDoor } from "../daemon/read-daemon-door.ts";
import type { OperationContext } from "./context.ts";
import { daemonOf } from "./updates.ts";

/** The way from a terminal into the web console. */
export function implementConsole(context: OperationContext): Pick<Implementations, "console"> {
  const { instance, caller, loginCodes } = context;
  return {
    console: async () => {
      daemonOf(context);
      // Or somebody who got hold of a session would have one for ever.
      if (caller.session !== undefined)
        throw new InstarError("FORBIDDEN", "a session of the console opens no other", { advice: "`instar console` in a terminal does." });
      // Its page could lead a person's browser there, who would then sit in the agent's session and take it for his own.
      if (caller.role === "agent")
        throw new InstarError("FORBIDDEN", "an agent's token opens no browser", { advice: "What an agent may do, it does by the protocol or by its tools." });
      const door = await readDaemonDoor(instance.folder);
      if (door === undefined) throw new InstarError("CONFLICT", "the daemon is only just beginning", { transient: true, advice: "Try again." });
      const { code, expiresAt } = loginCodes.make(caller);
      const way = `/console/#code=${code}`;
      // A name and not an address: passkeys belong to a name.
      return { url: `http://localhost:${door.port}${way}`, elsewhere: instance.settings.door.hosts.map((host) => `https://${host}${way}`), expiresAt };
    },
  };
}
