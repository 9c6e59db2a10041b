import type { Evidence, JournalRow, PinnedStep } from "./read-evidence.ts";

/** What is wrong with the journals, in words: each one by itself, and what they say together about the quarantine. */
export function judgeJournals({ journals, quarantine }: Evidence): string[] {
  const misbehaved = journals.flatMap((journal) => (outcomeOf(journal) === "rolled-back" ? [digestOf(journal)] : [])).filter((digest) => digest !== null);
  const wrong =
    JSON.stringify([...new Set(misbehaved)].sort()) === JSON.stringify([...quarantine].sort())
      ? []
      : [`quarantine holds ${quarantine.join(", ")} and not exactly what was rolled back: ${misbehaved.join(", ")}`];
  return [
    ...wrong,
    ...journals.flatMap((journal) => judgeJournal(journal).map((problem) => `update ${journal[0]?.update} (${versionOf(journal)}): ${problem}`)),
  ];
}

export function outcomeOf(journal: readonly JournalRow[]): string | null {
  const last = journal.at(-1);
  return last?.kind === "ended" ? String(last.body.outcome) : null;
}

export function versionOf(journal: readonly JournalRow[]): string {
  return String(journal[0]?.body.start?.versionTo);
}

export function givenOf(journal: readonly JournalRow[]): Record<string, unknown> {
  return Object.assign({}, ...journal.flatMap((row) => (row.kind === "applied" ? [row.body.gives] : [])));
}

/** The release that an update made; undefined where it came not so far. */
export function releaseOf(journal: readonly JournalRow[]): string | undefined {
  const { release } = givenOf(journal);
  return typeof release === "string" ? release : undefined;
}

/**
 * What should run, from the outcomes: the newest that stayed. Going back ends at the newest that was committed, also where one that
 * was superseded ran in between.
 */
export function standingOf(journals: Evidence["journals"]): readonly JournalRow[] | undefined {
  let running: readonly JournalRow[] | undefined;
  let committed: readonly JournalRow[] | undefined;
  for (const journal of journals) {
    const outcome = outcomeOf(journal);
    if (outcome === "committed") committed = journal;
    if (outcome === "committed" || outcome === "superseded") running = journal;
    if (outcome === "rolled-back") running = committed;
  }
  return running;
}

function digestOf(journal: readonly JournalRow[]): string | null {
  const { digest } = givenOf(journal);
  return typeof digest === "string" ? digest : null;
}

function judgeJournal(journal: readonly JournalRow[]): string[] {
  const problems: string[] = [];
  const [first] = journal;
  if (first?.kind !== "started") return ["it does not begin with 'started'"];
  const steps = first.body.steps ?? [];
  if (journal.some((row, index) => row.seq !== index)) problems.push("its entries are not dense from 0");
  if (journal.filter((row) => row.kind === "ended").length !== 1 || journal.at(-1)?.kind !== "ended")
    problems.push("it has not exactly one end, as its last entry");
  for (const [index, row] of journal.entries()) {
    const before = journal[index - 1];
    if (before !== undefined && row.epoch < before.epoch) problems.push(`entry ${index} is of an earlier epoch than the one before it`);
    if (before !== undefined && row.tickMs < before.tickMs) problems.push(`entry ${index} is of an earlier time than the one before it`);
    problems.push(...judgeRow(journal, row, index));
  }
  return [...problems, ...judgeOrder(journal, steps), ...judgeEnd(journal, steps)];
}

/** An answer follows its own beginning: same step, same attempt, written by the same daemon. */
function judgeRow(journal: readonly JournalRow[], row: JournalRow, index: number): string[] {
  const begunAs = { applied: "applying", waiting: "applying", failed: "applying", undone: "undoing", "undo-failed": "undoing" }[row.kind];
  if (begunAs !== undefined) {
    const begun = journal.slice(0, index).findLast((earlier) => earlier.kind === "applying" || earlier.kind === "undoing");
    if (begun?.kind !== begunAs || begun.step !== row.step || begun.epoch !== row.epoch || begun.attempt !== row.attempt)
      return [`entry ${index} (${row.kind} ${row.step}) does not follow its own '${begunAs}'`];
  }
  if (row.kind === "undoing") {
    const before = journal.slice(0, index).findLast((earlier) => earlier.step === row.step);
    if (before?.kind === "undoing" && before.epoch === row.epoch) return [`entry ${index} undoes ${row.step} again before it was answered`];
  }
  if (row.kind === "applying") {
    const attempts = journal.slice(0, index).filter((earlier) => earlier.kind === "applying" && earlier.step === row.step).length;
    if (row.attempt !== attempts + 1) return [`entry ${index} begins ${row.step} as attempt ${row.attempt}, and ${attempts} came before`];
  }
  return [];
}

function judgeOrder(journal: readonly JournalRow[], steps: readonly PinnedStep[]): string[] {
  const problems: string[] = [];
  const turned = journal.findIndex((row) => row.kind === "undoing");
  if (turned !== -1 && journal.slice(turned).some((row) => row.kind === "applying" || row.kind === "applied"))
    problems.push("it goes forward after it went backward");
  for (const kind of ["applied", "undone"]) {
    const done = journal.filter((row) => row.kind === kind).map((row) => row.step);
    if (new Set(done).size !== done.length) problems.push(`a step is ${kind} twice`);
    const places = done.map((id) => steps.findIndex((step) => step.id === id));
    const inOrder = kind === "applied" ? places : places.toReversed();
    if (inOrder.some((place, index) => place < (inOrder[index - 1] ?? -1))) problems.push(`its steps are not ${kind} in order`);
  }
  const failed = journal.find((row) => row.kind === "failed" && !row.body.transient);
  if (failed !== undefined && journal.slice(failed.seq).some((row) => row.kind === "applying")) problems.push("it goes on after a failure that counts");
  return problems;
}

function judgeEnd(journal: readonly JournalRow[], steps: readonly PinnedStep[]): string[] {
  const outcome = outcomeOf(journal);
  const has = (kind: string, id: string) => journal.some((row) => row.kind === kind && row.step === id);
  const touched = steps.filter(({ id }) => has("applying", id));
  const exchange = steps.find((step) => step.exchanges);
  const begunExchange = exchange !== undefined && has("applying", exchange.id);
  const left = touched.filter(({ id, undoNeedless }) => undoNeedless === undefined && !has("undone", id)).map(({ id }) => id);
  switch (outcome) {
    case "committed":
      return steps.every(({ id }) => has("applied", id)) ? [] : ["it is committed and not every step was applied"];
    case "superseded":
      return [
        ...(has("applied", "confirm") ? [] : ["it is superseded and was never confirmed"]),
        ...(journal.some((row) => row.kind === "supersede-requested") ? [] : ["nothing superseded it"]),
        ...(journal.some((row) => row.kind === "undoing") ? ["it is superseded and was undone"] : []),
      ];
    case "rolled-back":
      return [...(begunExchange ? [] : ["it is rolled back and nothing was exchanged"]), ...left.map((id) => `it is rolled back and ${id} was not undone`)];
    case "refused":
    case "cancelled":
      return [
        ...(begunExchange ? [`it is ${outcome} after the exchange began`] : []),
        ...left.map((id) => `it is ${outcome} and ${id} was not undone`),
        ...(outcome === "cancelled" && !journal.some((row) => row.kind === "cancel-requested" || row.kind === "supersede-requested")
          ? ["nobody cancelled it, and nothing took its place"]
          : []),
        ...(outcome === "refused" && !journal.some((row) => row.kind === "failed") ? ["nothing failed in it"] : []),
      ];
    default:
      return [`its outcome is ${outcome}`];
  }
}
