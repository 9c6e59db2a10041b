import type { Operation } from "@instar/protocol";
import type { Command } from "commander";
import { buildProgram, type LocalCommands } from "../../packages/instar/src/faces/cli/build-program.ts";

const nothing = async () => undefined;
const local: LocalCommands = {
  init: nothing,
  up: nothing,
  down: nothing,
  demo: nothing,
  watch: nothing,
  service: nothing,
  keeper: nothing,
  daemon: nothing,
  analyse: nothing,
};

/** The real command line, whose operations do as `run` says. */
export function buildWholeProgram(run: (operation: Operation, input: Record<string, unknown>) => Promise<void> = nothing): Command {
  return buildProgram("0.0.0", local, run);
}

/** Every command as typed, groups left out: "update list", "up". */
export function listCommands(command: Command, path: readonly string[] = []): { words: string; command: Command }[] {
  return command.commands.flatMap((child) => {
    const words = [...path, child.name()];
    return child.commands.length > 0 ? listCommands(child, words) : [{ words: words.join(" "), command: child }];
  });
}
