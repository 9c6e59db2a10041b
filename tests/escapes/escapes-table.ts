import { ATTEMPTS, type Outcome } from "./try-escapes.ts";

/** What came of each attempt, by sandbox and name. */
export type Seen = ReadonlyMap<string, ReadonlyMap<string, Outcome>>;

export const TABLE_PATH = new URL("../../docs/design/sandbox-escapes.md", import.meta.url);
/** In this order, in the document. */
const COLUMNS = ["bubblewrap", "sandbox-runtime", "none"];

const HEAD = `# What a hostile job tries, and what stops it

Each line is a small program in \`tests/escapes\` that a test runs inside each sandbox of this machine. Whether it got out is seen from outside: by a secret
that it could not know, a listener that was reached, a file that changed, a process that ended. *stopped* means that this was seen here; **escaped**, that it got
out. \`none\` is no sandbox, with what containment of a job's processes gives, tried as root: it stands here to show that the attempts are real. The middle column says
what stops it in bubblewrap.

What this does not show: holes in the kernel itself, and what a job learns by measuring time. Written by \`node tests/escapes/write-table.ts\`.
`;

/** The document. What was not tried here keeps what the document said before. */
export function renderTable(seen: Seen, before: Seen): string {
  const columns = COLUMNS.filter((name) => seen.has(name) || before.has(name));
  const cell = (sandbox: string, attempt: string) => renderOutcome(seen.get(sandbox)?.get(attempt) ?? before.get(sandbox)?.get(attempt));
  const parts = ATTEMPTS.map(({ on, attempts }) =>
    [
      `\n## ${on}\n`,
      `| it tries to | what stops it | ${columns.join(" | ")} |`,
      `|---|---|${columns.map(() => "---|").join("")}`,
      ...attempts.map(({ name, stoppedBy }) => `| ${name} | ${stoppedBy} | ${columns.map((sandbox) => cell(sandbox, name)).join(" | ")} |`),
    ].join("\n"),
  );
  return `${HEAD}${parts.join("\n")}\n`;
}

const renderOutcome = (outcome: Outcome | undefined) => (outcome === undefined ? "not tried" : outcome === "escaped" ? "**escaped**" : "stopped");

export function parseTable(text: string): Seen {
  const seen = new Map<string, Map<string, Outcome>>();
  let columns: string[] = [];
  for (const line of text.split("\n").filter((row) => row.startsWith("| "))) {
    const [name = "", , ...cells] = line.slice(2, -2).split(" | ");
    if (name === "it tries to") columns = cells;
    else
      for (const [at, sandbox] of columns.entries()) {
        const outcome = cells[at]?.replaceAll("*", "");
        if (outcome === "stopped" || outcome === "escaped") seen.set(sandbox, (seen.get(sandbox) ?? new Map<string, Outcome>()).set(name, outcome));
      }
  }
  return seen;
}
