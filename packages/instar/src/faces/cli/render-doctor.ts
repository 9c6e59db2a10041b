import { type DoctorView, SANDBOX_ASPECTS, type SandboxReport } from "@instar/protocol";

/** What was looked at, the table of sandboxes, and the verdict last: what a person at a terminal sees first. */
export function renderDoctor(report: DoctorView): string {
  return [
    ...report.checks.map(
      (check) => `${check.verdict.padEnd(12)} ${check.area}: ${check.what}: ${check.because}${check.advice === "" ? "" : `\n             → ${check.advice}`}`,
    ),
    "",
    ...renderSandboxes(report.sandboxes),
    "",
    `verdict: ${report.verdict}`,
  ].join("\n");
}

function renderSandboxes(reports: readonly SandboxReport[]): string[] {
  if (reports.length === 0) return [];
  const names = reports.map(({ name }) => name);
  const wide = Math.max(...names.map((name) => name.length), 7) + 2;
  const rows = SANDBOX_ASPECTS.map((aspect) => {
    const cells = reports.map((report) => (report.available ? (report.aspects.find((found) => found.aspect === aspect)?.enforced ?? "no") : "-"));
    return `  ${aspect.padEnd(13)} ${cells.map((cell) => cell.padEnd(wide)).join("")}`.trimEnd();
  });
  return [
    `what a sandbox enforces here`,
    `  ${"".padEnd(13)} ${names.map((name) => name.padEnd(wide)).join("")}`.trimEnd(),
    ...rows,
    ...reports.flatMap(renderMore),
  ];
}

/** Under the table: by what, what was seen, and how to get more. */
function renderMore({ name, available, because, advice, aspects }: SandboxReport): string[] {
  if (!available) return [`  ${name}: not here: ${because}${advice === "" ? "" : `\n    → ${advice}`}`];
  const lines = aspects.map(
    (found) =>
      `    ${found.aspect.padEnd(13)} ${found.enforced.padEnd(7)} ${found.by === "" ? "" : `${found.by}: `}${found.because}${found.enforced === "yes" || found.advice === "" ? "" : `\n      → ${found.advice}`}`,
  );
  return [`  ${name}: ${because}`, ...lines];
}
