import { printable } from "../printable.ts";

/** An operation's answer with every text in it safe to show on a terminal: what candidates and people wrote may steer nothing, and stays on its line. */
export function plainAnswer<Answer>(answer: Answer): Answer {
  return plain(answer) as Answer;
}

function plain(value: unknown): unknown {
  if (typeof value === "string") return printable(value.replaceAll(/\s*\n\s*/g, " ").trim());
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [printable(name), plain(each)]));
}
