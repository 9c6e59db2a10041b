/** HTML that is ours. Only `markup` makes it, so a text that is not ours cannot become it by mistake. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Part = Markup | string | number | readonly Part[];

/** A template in which every value is text, escaped for an element and for an attribute in double quotes, but for what is markup itself. */
export function markup(literals: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  return new Markup(literals.reduce((text, literal, index) => `${text}${renderPart(parts[index - 1] ?? "")}${literal}`));
}

function renderPart(part: Part): string {
  if (part instanceof Markup) return part.text;
  if (typeof part === "string" || typeof part === "number") return escapeText(String(part));
  return part.map(renderPart).join("");
}

const ESCAPED: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;", "`": "&#96;" };

/** What HTML may not contain at all, and what turns the letters around it, is shown as a mark. */
function escapeText(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/(?![\t\n\r])\p{Cc}|[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufffe\uffff]/gu, "\ufffd")
    .replaceAll(/[&<>"'`]/g, (letter) => ESCAPED[letter] ?? "");
}
