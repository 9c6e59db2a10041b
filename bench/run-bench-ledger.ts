// `npm run bench:ledger [-- --quick]`: durable appends to the ledger beside plain durable inserts, verification, proofs, and what each costs as the ledger
// grows. Prints a table and writes bench/results/ledger.json. Ends with 0 also where a bar is missed; not being able to measure is not 0.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { createAttempt } from "./attempt.ts";
import { type BenchReport, bar, type Row, row } from "./bench-report.ts";
import { describeMachine } from "./describe-machine.ts";
import { insertPlainly, LedgerBench } from "./ledger/measure-ledger.ts";
import { median } from "./percentile.ts";
import { renderBench } from "./render-bench.ts";
import { type BenchFrame, startBench } from "./start-bench.ts";

const RESULTS = fileURLToPath(new URL("results/", import.meta.url));
const { values: flags } = parseArgs({ options: { quick: { type: "boolean", default: false } } });
/** The last is where verification and proofs are held against their bars. */
const SIZES = flags.quick ? [1_000, 10_000, 100_000] : [1_000, 10_000, 100_000, 1_048_576];
const ALONE = flags.quick ? 300 : 1_000;
const ROUNDS = flags.quick ? 3 : 7;
const GROUP = 5_000;

await startBench(runBench);

async function runBench({ signal, say, inPlace }: BenchFrame): Promise<number> {
  const problems: string[] = [];
  const attempt = createAttempt(problems, signal);
  const rows: Row[] = [];
  const alone = await attempt("appends alone", () =>
    inPlace("alone", async (place) => {
      say(`appends alone: ${ALONE} in each of ${ROUNDS} rounds, beside plain inserts`);
      const pairs: { ours: number; plain: number }[] = [];
      for (let round = 0; round < ROUNDS; round += 1) {
        const bench = new LedgerBench(join(place.folder, `ours-${round}`));
        // Paired, and in turn first: what else the disk has to do hits both.
        const plainFirst = round % 2 === 0 ? insertPlainly(join(place.folder, `plain-${round}`), ALONE) : undefined;
        const ours = await bench.alone(ALONE);
        pairs.push({ ours, plain: plainFirst ?? insertPlainly(join(place.folder, `plain-${round}`), ALONE) });
        bench.close();
      }
      return pairs;
    }),
  );
  const pairs = typeof alone === "string" ? [] : alone;
  const aloneRatio = pairs.length === 0 ? null : median(pairs.map(({ ours, plain }) => ours / plain));
  rows.push(
    row(
      "durable appends, one at a time",
      "per second",
      pairs.length === 0 ? null : median(pairs.map(({ ours }) => ours)),
      "SQLite insert",
      pairs.length === 0 ? null : median(pairs.map(({ plain }) => plain)),
      "files and signed heads follow behind",
      aloneRatio,
    ),
  );
  const grown = await attempt("growth", () =>
    inPlace("growth", async (place) => {
      const bench = new LedgerBench(join(place.folder, "grown"));
      const found: { size: number; perSecond: number; verifyMs: number; proveMs: number; proofBytes: number; reopenMs: number }[] = [];
      let size = 0;
      for (const next of SIZES) {
        say(`growing to ${next} entries`);
        const perSecond = await bench.grouped(next - size, GROUP);
        const { bytes, ms } = bench.prove();
        found.push({ size: next, perSecond, verifyMs: bench.verify(), proveMs: ms, proofBytes: bytes, reopenMs: await bench.reopen() });
        size = next + 1;
      }
      bench.close();
      return found;
    }),
  );
  const sizes = typeof grown === "string" ? [] : grown;
  for (const { size, perSecond, verifyMs, proveMs, proofBytes, reopenMs } of sizes)
    rows.push(
      row(`durable appends in groups of ${GROUP}, up to ${size} entries`, "per second", perSecond, null, null, "in the files, tiles and signed head included"),
      row(`verify ${size} entries`, "s", verifyMs / 1_000, null, null),
      row(`prove one of ${size}`, "ms", proveMs, null, null),
      row(`proof of one of ${size}`, "bytes", proofBytes, null, null),
      row(`open at ${size} entries, append one, sign`, "ms", reopenMs, null, null),
    );
  const largest = sizes.at(-1);
  const report: BenchReport = {
    machine: { ...describeMachine(), run: flags.quick ? "quick: a tenth of the entries; verification is scaled" : "full" },
    rows,
    bars: [
      bar("appends alone / plain SQLite inserts", ">= 0.8", aloneRatio),
      bar("appends grouped, per second", ">= 30000", sizes.length === 0 ? null : median(sizes.map(({ perSecond }) => perSecond))),
      bar("verification of 1,000,000 entries, s", "<= 20", largest === undefined ? null : (largest.verifyMs / 1_000) * (1_000_000 / largest.size)),
      bar(
        "proof at 2^20 entries, bytes",
        "== 640",
        largest === undefined
          ? null
          : largest.size === 1_048_576
            ? largest.proofBytes
            : Math.ceil(Math.log2(1_048_576)) * (largest.proofBytes / Math.ceil(Math.log2(largest.size))),
      ),
    ],
  };
  mkdirSync(RESULTS, { recursive: true });
  writeFileSync(join(RESULTS, "ledger.json"), `${JSON.stringify(report, null, 2)}\n`);
  process.stdout.write(renderBench(report));
  for (const problem of problems) say(problem);
  return problems.length === 0 ? 0 : 1;
}
