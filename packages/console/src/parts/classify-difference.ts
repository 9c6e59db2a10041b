export type DifferenceLine = {
  readonly kind: "added" | "removed" | "head" | "changed";
  readonly text: string;
  readonly before: string;
  readonly after: string;
};

/** What a line of `edit.plan` tells: `+ /a: 1`, `- /a: 1`, `~ /a: 1 → 2`; anything else is said about the file. Of an arrow in a value nobody knows where it ends: then the line stays whole. */
export function classifyLine(line: string): DifferenceLine {
  const trimmed = line.trim();
  const whole = { text: trimmed, before: "", after: "" };
  if (trimmed.startsWith("+ ")) return { kind: "added", ...whole };
  if (trimmed.startsWith("- ")) return { kind: "removed", ...whole };
  const changed = /^(~ \S+:) (.*)$/s.exec(trimmed);
  const values = changed?.[2]?.split(" → ") ?? [];
  if (changed?.[1] !== undefined && values.length === 2) return { kind: "changed", text: changed[1], before: values[0] ?? "", after: values[1] ?? "" };
  return { kind: "head", ...whole };
}
