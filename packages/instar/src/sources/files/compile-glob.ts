import { InstarError } from "@instar/protocol";

/**
 * A glob as .gitignore's are read: `*` and `?` stay within a name and match a leading dot too (Node's own matcher does not, and an editor's leftover
 * of a hidden file would pass), `**` crosses folders, `[a-z]` and `{a,b}` are choices. Pure.
 *
 * @throws InstarError SETTINGS_INVALID (a bracket or brace that is not closed, a range that ends before it begins)
 */
export function compileGlob(glob: string): RegExp {
  let source = "";
  let depth = 0;
  for (let at = 0; at < glob.length; ) {
    const rest = glob.slice(at);
    const token = /^(?:\*\*\/|\*+|\[[!^]?\]?[^\]]+\]|\\.|.)/su.exec(rest)?.[0] ?? rest;
    at += token.length;
    if (token === "**/") source += "(?:[^/]+/)*";
    else if (token === "*") source += "[^/]*";
    else if (token.startsWith("**")) source += ".*";
    else if (token === "?") source += "[^/]";
    else if (token.length > 2 && token.startsWith("[")) source += renderChoice(token);
    else if (token === "{" || (token === "}" && depth > 0)) {
      depth += token === "{" ? 1 : -1;
      source += token === "{" ? "(?:" : ")";
    } else if (token === "," && depth > 0) source += "|";
    else if (token === "[") throw unclosed(glob);
    else source += quoteForPattern(token.length > 1 && token.startsWith("\\") ? token.slice(1) : token);
  }
  if (depth > 0) throw unclosed(glob);
  try {
    return new RegExp(`^${source}$`, "su");
  } catch (cause) {
    throw new InstarError("SETTINGS_INVALID", `the pattern ${JSON.stringify(glob)} has brackets that say nothing`, { cause });
  }
}

const quoteForPattern = (text: string) => text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");

function renderChoice(token: string): string {
  const isNegated = /^\[[!^]/.test(token);
  const inside = token.slice(isNegated ? 2 : 1, -1).replace(/[\\\][^&|~]/g, "\\$&");
  return `(?!/)[${isNegated ? "^" : ""}${inside}]`;
}

const unclosed = (glob: string) => new InstarError("SETTINGS_INVALID", `the pattern ${JSON.stringify(glob)} has a bracket or brace that is not closed`);
