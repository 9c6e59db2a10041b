import type { Command } from "../../settings/settings.ts";
import { quoteForShell } from "./split-shell.ts";

/** Puts words in the place of what stands between two positions: entries of a list, characters of a line. */
export function replaceInCommand(command: Command, { start, end }: { readonly start: number; readonly end: number }, words: readonly string[]): Command {
  if (typeof command === "string") return `${command.slice(0, start)}${words.map(quoteForShell).join(" ")}${command.slice(end)}`;
  return [...command.slice(0, start), ...words, ...command.slice(end)];
}

export function appendToCommand(command: Command, words: readonly string[]): Command {
  if (words.length === 0) return command;
  return typeof command === "string" ? `${command.trimEnd()} ${words.map(quoteForShell).join(" ")}` : [...command, ...words];
}
