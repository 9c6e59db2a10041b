import type { Key as InkKey } from "ink";
import type { Key } from "./press-key.ts";

/** What came from the keyboard at once, as the view knows it; nothing for keys that mean nothing to it. */
export function nameKeys(input: string, key: InkKey): readonly Key[] {
  if (key.eventType === "release") return [];
  if (key.ctrl) return input === "c" ? [{ name: "interrupt" }] : [];
  const [, name] = NAMED.find(([pressed]) => key[pressed]) ?? [];
  if (name !== undefined) return [{ name }];
  if (key.meta || key.tab || input === "") return [];
  // Over a slow line a word comes in one piece, with the Enter behind it.
  if (/^[^\r\n]+[\r\n]$/.test(input)) return [...nameKeys(input.slice(0, -1), key), { name: "enter" }];
  // So do keys that are held down; nothing is sent by these two.
  if (/^(j+|k+)$/.test(input)) return [...input].map((text) => ({ name: "letter", text }));
  // More than one letter at once is text and nothing else: no command is read out of it.
  return [{ name: [...input].length === 1 ? "letter" : "paste", text: input }];
}

const NAMED = [
  ["upArrow", "up"],
  ["downArrow", "down"],
  ["pageUp", "page-up"],
  ["pageDown", "page-down"],
  ["home", "home"],
  ["end", "end"],
  ["return", "enter"],
  ["escape", "escape"],
  ["backspace", "backspace"],
  // What most keyboards call Backspace, some terminals call Delete.
  ["delete", "backspace"],
] as const;
