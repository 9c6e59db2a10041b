import { type HealthFacts, isUnknown, type SchemaFact } from "./health-facts.ts";
import type { Judged } from "./judged.ts";

/** The state folder can be read, the databases in a copy of it are whole, and so is Instar's own. */
export function judgeDatabase({ database }: Pick<HealthFacts, "database">): Judged {
  const { state, copies, own } = database;
  const count = (kind: string) => (copies ?? []).filter((one) => one.kind === kind).length;
  const evidence = {
    own: own.kind,
    stateReadable: state?.readable ?? null,
    whole: count("whole"),
    damaged: count("damaged"),
    passedOver: count("passed-over"),
  };
  const say = (verdict: Judged["verdict"], because: string): Judged => ({ verdict, because, evidence });
  if (own.kind === "damaged") return say("fail", `Instar's own database is damaged: ${own.because}`);
  if (state === null) return say("nodata", "the agent has no state folder; Instar's own database is whole");
  if (!state.readable) return say("fail", `${state.directory} cannot be read: ${state.because}`);
  const damaged = copies?.find(({ kind }) => kind === "damaged");
  if (damaged !== undefined) return say("fail", `${damaged.path} is damaged: ${damaged.because}`);
  if (copies === null) return say("inconclusive", "the state folder can be read; whether its databases are whole was not found out: no copy was made");
  if (copies.length === 0) return say("pass", "the state folder can be read, and holds no SQLite database");
  if (count("whole") === 0) return say("inconclusive", `none of its ${copies.length} databases could be checked: ${copies[0]?.because}`);
  return say("pass", `${count("whole")} databases are whole${evidence.passedOver === 0 ? "" : `; ${evidence.passedOver} were passed over`}`);
}

/** Whether the migration that the rehearsal saw is the one that came to pass: the same schema versions in the same databases. */
export function judgeMigrated({ migration }: Pick<HealthFacts, "migration">): Judged {
  if (migration === null) return { verdict: "nodata", because: "there was nothing to migrate, or no rehearsal that could tell", evidence: {} };
  if (isUnknown(migration)) return { verdict: "error", because: migration.unknown, evidence: {} };
  const { predicted, seen } = migration;
  const evidence = { predicted: predicted.length, seen: seen.length };
  if (predicted.length === 0) return { verdict: "nodata", because: "the rehearsal saw no databases", evidence };
  const wrong = predicted.flatMap(
    (one) =>
      explainOther(
        one,
        seen.find(({ path }) => path === one.path),
      ) ?? [],
  );
  if (wrong.length > 0) return { verdict: "fail", because: `not what the rehearsal saw: ${wrong.slice(0, 3).join("; ")}`, evidence };
  // Tables that are made at the first request are no fault: the version that a program itself counts is what it migrates by.
  const others = predicted.filter((one) => seen.find(({ path }) => path === one.path)?.digest !== one.digest);
  if (others.length > 0)
    return {
      verdict: "inconclusive",
      because: `the schema versions are as the rehearsal saw them; the tables of ${others
        .map(({ path }) => path)
        .slice(0, 3)
        .join(", ")} are not yet, or no longer`,
      evidence,
    };
  const versions = predicted.map(({ path, userVersion }) => `${path} at schema ${userVersion}`).slice(0, 5);
  return { verdict: "pass", because: `as the rehearsal saw it: ${versions.join(", ")}`, evidence };
}

function explainOther(predicted: SchemaFact, seen: SchemaFact | undefined): string | undefined {
  if (seen === undefined) return `${predicted.path} is missing`;
  if (seen.userVersion !== predicted.userVersion) return `${predicted.path} is at schema ${seen.userVersion}, not ${predicted.userVersion}`;
  return undefined;
}
