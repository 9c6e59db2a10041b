/** What a run has of its own: exact texts, and the word that stands for each. Longer texts go first. */
export type OwnWords = readonly (readonly [text: string, word: string])[];

/** Patterns of what differs from run to run and machine to machine. In order: the first that fits takes the text. */
const PATTERNS: readonly (readonly [RegExp, string])[] = [
  [/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g, "<time>"],
  [/\binstar\.local\/\S+/g, "<the ledger's key>"],
  [/^( +root {2})\S{43}=$/gm, "$1<root>"],
  [/sha256:[0-9a-f]{8,64}/g, "<digest>"],
  [/\b(?=[0-9a-f]*[0-9])(?=[0-9a-f]*[a-f])[0-9a-f]{10,64}\b|\b[0-9]{10,64}\b/g, "<digest>"],
  // The last words of the agent's own test runner, which differ from one version of Node to the next.
  // Which sandbox a machine has, and how it fares at the moment.
  [/^ +(sandbox|certificates): .*\n/gm, ""],
  [/^ +- Every update will be refused until jobs can be confined.*\n/gm, ""],
  [/\bin (bubblewrap|sandbox-runtime|none, WITHOUT [^\n]*)/g, "in <its sandbox>"],
  [/^( +)\w+ +(system_health) .*$/gm, "$1<as it is>   $2"],
  [/\b\d of 6 checks pass(; [^\n]*)?/g, "<n> of 6 checks pass"],
  [/\b\d+ MiB of (disk space|memory) are (free|available); \d+ MiB/g, "<n> MiB of $1 are $2; <n> MiB"],
  [/(the tests exited with \d+): [^;\n]*/g, "$1: <its last words>"],
  [/^( +path:) .*$/gm, "$1 <path>"],
  [/\bprocess \d+/g, "process <pid>"],
  [/\bpid \d+/g, "pid <pid>"],
  [/\bport \d{4,5}\b/g, "port <port>"],
  [/(127\.0\.0\.1):\d+/g, "$1:<port>"],
  [/\b\d+ ms\b/g, "<n> ms"],
  [/\b\d+(\.\d+)? s\b/g, "<n> s"],
  [/\b\d+ KiB\b/g, "<n> KiB"],
  [/\b\d+ MiB (are )?(needed at most|free)/g, "<n> MiB $1$2"],
  [/\b\d+ entries\b/g, "<n> entries"],
];

/** The text without what belongs to this run alone, so that two runs of one script read the same. */
export function redact(text: string, own: OwnWords): string {
  let left = text;
  for (const [exact, word] of own.toSorted(([a], [b]) => b.length - a.length)) if (exact !== "") left = left.replaceAll(exact, word);
  for (const [pattern, word] of PATTERNS) left = left.replace(pattern, word);
  return left.replace(/[ \t]+$/gm, "");
}
