import type { Command } from "commander";
import { expect, it } from "vitest";
import { buildWholeProgram } from "./list-commands.ts";

it("`--help` of the whole tree says what it was agreed to say", async () => {
  await expect(renderTree(buildWholeProgram(), []).join("\n")).toMatchFileSnapshot("expected/help.txt");
});

function renderTree(command: Command, path: readonly string[]): string[] {
  const words = [...path, command.name()];
  const { help, rest } = { help: command.configureHelp({ helpWidth: 120 }).helpInformation(), rest: command.commands };
  return [`$ ${words.join(" ")} --help`, help, ...rest.flatMap((child) => renderTree(child, words))];
}
