import type { Finding } from "@instar/protocol";

interface Rule {
  readonly severity: Finding["severity"];
  readonly why: string;
}

/** What is looked for. A note is shown and counts against nobody; what cannot be told counts like what is known to be bad. */
export const SECURITY_RULES = {
  eval: { severity: "error", why: "text is run as code" },
  "function-constructor": { severity: "error", why: "a function is made from text" },
  "string-timer": { severity: "error", why: "a timer is given text, which is run as code" },
  vm: { severity: "error", why: "node:vm runs text as code, and is no wall" },
  "web-assembly": { severity: "warning", why: "machine code is loaded, which nothing here can read" },
  "dynamic-require": { severity: "error", why: "which module is loaded cannot be told" },
  "loader-hook": { severity: "error", why: "what other modules are is changed while they are loaded" },
  "native-code": { severity: "error", why: "native code is loaded or called, which nothing here can read" },
  "process-internals": { severity: "error", why: "it reaches Node's insides" },
  command: { severity: "error", why: "which command runs cannot be told" },
  shell: { severity: "error", why: "a shell reads the command" },
  "child-process-escapes": { severity: "warning", why: "starting programs is handed on, and what becomes of it cannot be told" },
  "download-and-run": { severity: "error", why: "something is fetched and run unseen" },
  "computed-access": { severity: "error", why: "what is taken from a powerful object cannot be told" },
  "hidden-name": { severity: "error", why: "a name is put together or spelt so that nobody finds it" },
  "global-escapes": { severity: "warning", why: "a powerful object is handed on, and what becomes of it cannot be told" },
  "prototype-pollution": { severity: "error", why: "what every object inherits is changed" },
  "escaped-text": { severity: "error", why: "readable text is written in escapes, so that nobody reads it" },
  "encoded-payload": { severity: "warning", why: "a long encoded text is decoded: what it says cannot be read here" },
  "obfuscated-names": { severity: "warning", why: "its names are those that an obfuscator gives" },
  "bidi-text": { severity: "error", why: "characters change the order in which the text is shown (Trojan Source, CVE-2021-42574)" },
  "invisible-text": { severity: "error", why: "it holds characters that nobody sees" },
  "homoglyph-name": { severity: "error", why: "a name looks like another one (CVE-2021-42694)" },
  secret: { severity: "error", why: "a secret stands in the text" },
  "possible-secret": { severity: "warning", why: "this looks like a secret" },
  "tls-off": { severity: "error", why: "nobody checks who is at the other end" },
  address: { severity: "warning", why: "an address on the network stands in the code" },
  "drop-site": { severity: "error", why: "a place where stolen data is left, or programs are fetched from" },
  "metadata-service": { severity: "error", why: "a cloud's credentials are handed out there" },
  "private-file": { severity: "error", why: "credentials or private data lie there" },
  "startup-file": { severity: "error", why: "what is written there runs by itself later" },
  "environment-sent": { severity: "error", why: "the whole environment, secrets and all, is written or sent" },
  "environment-whole": { severity: "note", why: "the whole environment is taken" },
  "loader-variable": { severity: "error", why: "it makes other programs load code" },
  "weak-crypto": { severity: "error", why: "this protects nothing any more" },
  "old-hash": { severity: "note", why: "fine to tell files apart, not to protect anything" },
  "weak-random": { severity: "warning", why: "what is meant to be secret can be guessed" },
  "sql-text": { severity: "error", why: "an SQL statement is put together from text" },
  "html-text": { severity: "warning", why: "text becomes part of a page" },
  deserialise: { severity: "error", why: "reading it can run code" },
  "too-many": { severity: "warning", why: "there is more than is listed here" },
} as const satisfies Record<string, Rule>;

export type SecurityRule = keyof typeof SECURITY_RULES;

/** A place in a text, in UTF-16 units, and what is the matter there. */
export interface Hit {
  readonly rule: SecurityRule;
  readonly start: number;
  readonly end: number;
  /** Never the secret itself. */
  readonly detail?: string;
}
