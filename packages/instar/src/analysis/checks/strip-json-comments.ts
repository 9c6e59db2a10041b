/** JSON with comments and trailing commas, as JSON: what is left out becomes blanks, so that places stay. Linear. */
export function stripJsonComments(text: string): string {
  const out: string[] = [];
  let comma = -1;
  for (let at = 0; at < text.length; ) {
    const end = endOfToken(text, at);
    const token = text.slice(at, end);
    if (token.startsWith("//") || token.startsWith("/*")) out.push(token.replace(/[^\n]/g, " "));
    else {
      if ((token === "}" || token === "]") && comma !== -1) out[comma] = " ";
      if (token === ",") comma = out.length;
      else if (token.trim() !== "") comma = -1;
      out.push(token);
    }
    at = end;
  }
  return out.join("");
}

function endOfToken(text: string, from: number): number {
  if (text[from] === '"') return endOfString(text, from);
  if (text.startsWith("//", from)) return orEnd(text, text.indexOf("\n", from));
  if (text.startsWith("/*", from)) {
    const end = text.indexOf("*/", from + 2);
    return end === -1 ? text.length : end + 2;
  }
  return from + 1;
}

function endOfString(text: string, from: number): number {
  for (let at = from + 1; at < text.length; at++) {
    if (text[at] === "\\") at++;
    else if (text[at] === '"') return at + 1;
    else if (text[at] === "\n") return at;
  }
  return text.length;
}

const orEnd = (text: string, index: number) => (index === -1 ? text.length : index);
