import { judgeString } from "./judge-string.ts";
import type { Hit } from "./rules.ts";

/** Shell scripts, settings and everything else whose grammar is not known: line by line, as if each were a command. */
export function scanScript(text: string): Hit[] {
  const hits: Hit[] = [];
  for (let start = 0; start < text.length && hits.length < MOST; ) {
    const end = text.indexOf("\n", start) === -1 ? text.length : text.indexOf("\n", start);
    const line = text.slice(start, Math.min(end, start + LONGEST));
    if (/\S/.test(line) && !/^\s{0,200}#(?!!)/.test(line)) for (const rule of judgeString(line.trim())) hits.push({ rule, start, end });
    for (const [, value = ""] of line.matchAll(QUOTED))
      for (const rule of judgeString(value)) if (!hits.some((hit) => hit.rule === rule && hit.start === start)) hits.push({ rule, start, end });
    start = end + 1;
  }
  return hits;
}

const MOST = 400;
const LONGEST = 20_000;
const QUOTED = /["']([^"'\n]{1,1000})["']/g;
