import type { OutputOf } from "@instar/protocol";
import { nowMs, until } from "../bench-clock.ts";
import { median } from "../percentile.ts";
import { isAlive } from "../place.ts";
import { measureUnderLoad } from "../switches/measure-load.ts";
import type { Span } from "../switches/subject.ts";
import type { BenchInstance } from "./bench-instance.ts";
import type { InstarFigures } from "./measure-instar.ts";

/** A fresh keeper takes the port over from the one before it, under load, as often as asked. */
export async function replaceKeepers(
  instance: BenchInstance,
  setting: Parameters<typeof measureUnderLoad>[0],
  many: number,
  say: (line: string) => void,
): Promise<Exclude<InstarFigures["replacements"], string>> {
  const spans: Span[] = [];
  const figures = await measureUnderLoad(setting, async () => {
    for (let turn = 1; turn <= many; turn += 1) {
      const beganMs = nowMs();
      const { pid, before, tookMs } = JSON.parse(await instance.cli("keeper", "replace", "--json")) as OutputOf<"keeper.replace">;
      const endedMs = nowMs();
      if (pid === before || instance.keeperPid() !== pid) throw new Error("`instar keeper replace` left the same keeper");
      await until("the keeper that was replaced to be gone", () => (isAlive(before) ? undefined : true), setting.place.signal, 20, 60_000);
      spans.push({ beganMs, endedMs, tookMs });
      say(`instar: keeper replaced, ${turn} of ${many}, in ${tookMs} ms; the one before was gone after ${Math.round(nowMs() - beganMs)} ms`);
    }
    return spans;
  });
  return { figures, tookMs: median(spans.map(({ tookMs }) => tookMs)) };
}
