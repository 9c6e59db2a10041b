import { OPERATIONS } from "@instar/protocol";
import { nowMs, sleep } from "../bench-clock.ts";
import { median } from "../percentile.ts";
import { measureUnderLoad } from "../switches/measure-load.ts";
import type { Span } from "../switches/subject.ts";
import type { BenchInstance } from "./bench-instance.ts";
import type { InstarFigures } from "./measure-instar.ts";

const REPLACE = "keeper.replace";

/** A new keeper takes the port over from the old one, under load, as often as asked. */
export async function replaceKeepers(
  instance: BenchInstance,
  setting: Parameters<typeof measureUnderLoad>[0],
  many: number,
  say: (line: string) => void,
): Promise<InstarFigures["replacements"]> {
  if (!OPERATIONS.some(({ name }) => String(name) === REPLACE)) return "this version has no `instar keeper replace`";
  const spans: Span[] = [];
  const figures = await measureUnderLoad(setting, async () => {
    for (let turn = 1; turn <= many; turn += 1) {
      const before = instance.keeperPid();
      const beganMs = nowMs();
      await instance.cli("keeper", "replace");
      const endedMs = nowMs();
      if (instance.keeperPid() === before) throw new Error("`instar keeper replace` left the same keeper");
      spans.push({ beganMs, endedMs, tookMs: endedMs - beganMs });
      say(`instar: keeper replaced, ${turn} of ${many}, in ${Math.round(endedMs - beganMs)} ms`);
      await sleep(1_000, setting.place.signal);
    }
    return spans;
  });
  return { figures, tookMs: median(spans.map(({ tookMs }) => tookMs)) };
}
