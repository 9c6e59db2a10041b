import { spawnSync } from "node:child_process";
import type { SandboxAdapter } from "./sandbox.ts";

/** Confines nothing: puts words in front of the program. For what is tested of a sandbox's surroundings. */
export function createPlainSandbox(prefix: readonly string[] = []): SandboxAdapter {
  return {
    name: "none",
    canPlace: false,
    describe: async () => ({ name: "none", available: true, because: "", advice: "", aspects: [] }),
    enter: async (_, { argv, environment }) => {
      const over = Promise.withResolvers<undefined>();
      return { argv: [...prefix, ...argv], environment, watch: () => over.promise, leave: async () => over.resolve(undefined) };
    },
  };
}

const OWN_NETWORK = ["bwrap", "--dev-bind", "/", "/", "--unshare-net", "--unshare-pid", "--proc", "/proc", "--"];
const canLeaveNetwork = process.platform === "linux" && spawnSync("bwrap", [...OWN_NETWORK.slice(1), "true"]).status === 0;

/** Words that give a program a loopback of its own; undefined where there is no such thing. */
export const ownNetwork: readonly string[] | undefined = canLeaveNetwork ? OWN_NETWORK : undefined;
