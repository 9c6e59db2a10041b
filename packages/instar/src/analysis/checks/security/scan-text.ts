import type { Hit, SecurityRule } from "./rules.ts";

/** What can be seen in a text of any language: secrets, and characters that deceive the eye. Linear, and never throws. */
export function scanText(text: string): Hit[] {
  return [...findSecrets(text), ...findDeceptions(text)];
}

interface Shape {
  readonly pattern: RegExp;
  readonly what: string;
}

/** The shapes that their givers promise. */
const SECRETS: readonly Shape[] = [
  { pattern: /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g, what: "an AWS access key" },
  { pattern: /-----BEGIN (?:RSA |EC |DSA |OPENSSH |ENCRYPTED |PGP )?PRIVATE KEY(?: BLOCK)?-----/g, what: "a private key" },
  { pattern: /\bgh[pousr]_[A-Za-z0-9]{36,251}\b|\bgithub_pat_[A-Za-z0-9_]{22,251}\b/g, what: "a GitHub token" },
  { pattern: /\bsk-ant-[A-Za-z0-9_-]{20,200}/g, what: "an Anthropic key" },
  { pattern: /\bsk-(?!ant-)(?:proj-|svcacct-|admin-)?[A-Za-z0-9_-]{32,200}/g, what: "an OpenAI key" },
  {
    pattern: /\bxox[abeoprs]-[A-Za-z0-9-]{10,200}|\bhooks\.slack\.com\/services\/T[A-Z0-9]{6,20}\/B[A-Z0-9]{6,20}\/[A-Za-z0-9]{16,40}/g,
    what: "a Slack token",
  },
  { pattern: /\bAIza[A-Za-z0-9_-]{35}\b/g, what: "a Google key" },
  { pattern: /\bnpm_[A-Za-z0-9]{36}\b/g, what: "an npm token" },
  { pattern: /\bglpat-[A-Za-z0-9_-]{20,100}/g, what: "a GitLab token" },
  { pattern: /\b[sr]k_live_[A-Za-z0-9]{20,200}/g, what: "a Stripe key" },
  { pattern: /\bhf_[A-Za-z0-9]{34}\b/g, what: "a Hugging Face token" },
  { pattern: /\b[a-z][a-z0-9+]{1,20}:\/\/[^\s:/@"'`$\\{}]{1,100}:[^\s:/@"'`$\\{}<>*]{6,100}@[A-Za-z0-9]/g, what: "a password in an address" },
];

const ASSIGNED =
  /(?:secret|token|passw(?:or)?d|passphrase|api_?-?key|private_?-?key|access_?-?key|auth_?-?key|credential)[A-Za-z0-9_]{0,30}["'`\]]{0,2}\s{0,5}(?::\s{0,3}string\s{0,3})?(?:=>|[:=])\s{0,5}["'`]([^"'`\s\\]{16,200})["'`]/gi;

/** Words that stand where a secret will be. */
const PLACEHOLDER =
  /example|sample|placeholder|change-?me|replace|dummy|fake|your|x{4,}|\*{3,}|\.{3}|<|\$\{|\{\{|^(.)\1+$|^[a-z-]+$|^[A-Z_]+$|^https?:|^(?:\.{0,2}|~)\//i;

function findSecrets(text: string): Hit[] {
  const hits: Hit[] = [];
  for (const { pattern, what } of SECRETS)
    for (const { 0: value, index } of take(text, pattern))
      if (!/EXAMPLE|example|localhost|x{5,}/.test(value) && !isFlat(value))
        hits.push({ rule: "secret", start: index, end: index + value.length, detail: what });
  for (const { 0: whole, 1: value = "", index } of take(text, ASSIGNED)) {
    const isCovered = hits.some(({ start, end }) => start < index + whole.length && index < end);
    if (!isCovered && !PLACEHOLDER.test(value) && bitsPerCharacter(value) >= 3.5)
      hits.push({ rule: "possible-secret", start: index, end: index + whole.length });
  }
  return hits;
}

/** A key of one or two different characters is drawn, not made. */
const isFlat = (value: string) => value.length > 12 && !value.startsWith("-----") && new Set(value.slice(8)).size < 4;

function bitsPerCharacter(value: string): number {
  const times = new Map<string, number>();
  for (const char of value) times.set(char, (times.get(char) ?? 0) + 1);
  let bits = 0;
  for (const count of times.values()) bits -= (count / value.length) * Math.log2(count / value.length);
  return bits;
}

/** Enough to say so; a text that is full of them is no better known by listing all. */
const MOST = 200;

function* take(text: string, pattern: RegExp): Iterable<RegExpExecArray> {
  let taken = 0;
  for (const match of text.matchAll(pattern)) {
    if (++taken > MOST) return;
    yield match;
  }
}

/** Embeddings, overrides and isolates. Marks of direction (U+200E, U+200F) alone reorder no code. */
const BIDI = /[\u202A-\u202E\u2066-\u2069]/g;
/** Without width, blank letters, tags, and variation selectors: text that is hidden in text. */
const INVISIBLE =
  /[\u200B\u2060-\u2064\u180E\u115F\u1160\u3164\uFFA0]|(?<=[^\r\n])\uFEFF|[\uFE00-\uFE0F]{2,}|(?:\u{E0001}|[\u{E0020}-\u{E007F}]|[\u{E0100}-\u{E01EF}])+/gu;
/** A joiner is part of an emoji and of several scripts, and nowhere among Latin letters. */
const JOINED = /(?<=[\w$])[\u200C\u200D]+|[\u200C\u200D]+(?=[\w$])/g;
function findDeceptions(text: string): Hit[] {
  const hits: Hit[] = [];
  const add = (rule: SecurityRule, pattern: RegExp) => {
    for (const { 0: value, index } of take(text, pattern))
      hits.push({ rule, start: index, end: index + value.length, detail: `U+${(value.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}` });
  };
  add("bidi-text", BIDI);
  // Flags of regions are spelt with tags; nothing else that is written is.
  for (const { 0: value, index } of take(text, INVISIBLE))
    if (!/\u{1F3F4}$/u.test(text.slice(Math.max(0, index - 2), index)))
      hits.push({ rule: "invisible-text", start: index, end: index + value.length, detail: `U+${(value.codePointAt(0) ?? 0).toString(16).toUpperCase()}` });
  add("invisible-text", JOINED);
  return hits;
}

/** Names in code that mix letters which look alike. Only for names: in prose and in texts for people scripts meet. */
export const isHomoglyphName = (name: string): boolean => LATIN.test(name) && LOOKALIKE.test(name);

const LATIN = /[A-Za-z]/;
const LOOKALIKE = /[\u0370-\u03FF\u0400-\u04FF\u0530-\u058F\uFF21-\uFF3A\uFF41-\uFF5A]/;
