import { piece, type Row, wrapRow } from "./rows.ts";
import type { Question } from "./watch-state.ts";

/** What a command will do, and what is asked before it is sent. */
export function describeQuestion(question: Question): Row[] {
  if (question.stage === "plan") return [wrapRow(piece("Working out what going back would do …  ", "live"), piece("(Esc leaves it)", "quiet"))];
  const { command, stage, why, typed } = question;
  const will = command.will.map((line) => wrapRow(piece("  "), piece(line)));
  const head = wrapRow(piece(command.question, "strong"));
  switch (stage) {
    case "why":
      return [head, ...will, wrapRow(piece("Why? ", "turn"), piece(why), piece("▏", "turn"), piece("  (Enter goes on, Esc leaves it)", "quiet"))];
    case "sure": {
      const reasons = why === "" ? [] : [wrapRow(piece("  your reasons: ", "quiet"), piece(why))];
      if (command.mustType === null) return [head, ...will, ...reasons, wrapRow(piece("Send it? y/n ", "turn"))];
      return [
        head,
        ...will,
        ...reasons,
        wrapRow(piece(`Type ${command.mustType} and Enter to send it: `, "turn"), piece(typed), piece("▏", "turn"), piece("  (Esc leaves it)", "quiet")),
      ];
    }
    case "sent":
      return [head, wrapRow(piece("Sent; waiting for the answer …", "live"))];
    default:
      return stage satisfies never;
  }
}
