import { join } from "node:path";
import type { Attempt } from "../attempt.ts";
import { nowMs, sleep, until } from "../bench-clock.ts";
import { median } from "../percentile.ts";
import type { Place } from "../place.ts";
import type { SwitchPlan } from "../plan-run.ts";
import { servedVersion } from "../switches/bench-agent.ts";
import { measureUnderLoad, type SwitchFigures } from "../switches/measure-load.ts";
import type { Span } from "../switches/subject.ts";
import { BenchInstance } from "./bench-instance.ts";
import { replaceKeepers } from "./replace-keepers.ts";

export interface InstarFigures {
  readonly strategy: BenchInstance["strategy"];
  readonly switches: SwitchFigures;
  readonly switchMs: number;
  readonly rollbackMs: number;
  /** A string says why it was not measured. */
  readonly replacements: { readonly figures: SwitchFigures; readonly tookMs: number } | string;
  readonly kills: { readonly figures: SwitchFigures; readonly awayS: number } | string;
}

/** One instance through all of it: switches there and back, keeper replacements, then the keeper killed. */
export async function measureInstar(place: Place, plan: SwitchPlan, attempt: Attempt, say: (line: string) => void): Promise<InstarFigures> {
  const writesLog = join(place.folder, "writes.log");
  say("instar: bringing up an instance");
  const instance = await BenchInstance.start(place, writesLog);
  const { warmUpSeconds, steadySeconds } = plan;
  const setting = { place, port: instance.port, writesLog, warmUpSeconds, steadySeconds };
  // What steady is was measured then.
  const warm = { ...setting, warmUpSeconds: 1, steadySeconds: 0 };
  const there: Span[] = [];
  const back: Span[] = [];
  const switches = await measureUnderLoad(setting, async () => {
    for (let turn = 1; turn <= plan.switches; turn += 1) {
      there.push(await instance.update(`1.0.${turn}`));
      back.push(await instance.rollback());
      say(
        `instar (${instance.strategy}): ${turn} of ${plan.switches} there and back, ${Math.round(there.at(-1)?.tookMs ?? 0)} and ${Math.round(back.at(-1)?.tookMs ?? 0)} ms`,
      );
    }
    return [...there, ...back];
  });
  return {
    strategy: instance.strategy,
    switches,
    switchMs: median(there.map(({ tookMs }) => tookMs)),
    rollbackMs: median(back.map(({ tookMs }) => tookMs)),
    replacements: await attempt("keeper replacements", () => replaceKeepers(instance, warm, plan.keeperReplacements, say)),
    kills: await attempt("SIGKILLs of the keeper", () => killKeepers(instance, warm, plan.keeperKills, say)),
  };
}

/** The one thing that nobody can do without anybody noticing: the process that owns the port dies. How long until the next one answers? */
async function killKeepers(
  instance: BenchInstance,
  setting: Parameters<typeof measureUnderLoad>[0],
  many: number,
  say: (line: string) => void,
): Promise<Exclude<InstarFigures["kills"], string>> {
  const spans: Span[] = [];
  const figures = await measureUnderLoad(setting, async () => {
    for (let turn = 1; turn <= many; turn += 1) {
      const pid = instance.keeperPid();
      const beganMs = nowMs();
      process.kill(pid, "SIGKILL");
      await until("the front to answer again", async () => ((await servedVersion(instance.port)) === undefined ? undefined : true), setting.place.signal, 10);
      const endedMs = nowMs();
      spans.push({ beganMs, endedMs, tookMs: endedMs - beganMs });
      say(`instar: keeper killed, ${turn} of ${many}: answers again after ${Math.round(endedMs - beganMs)} ms`);
      await until("the next keeper to say where it is", () => (instance.keeperPid() === pid ? undefined : true), setting.place.signal);
      await sleep(1_500, setting.place.signal);
    }
    return spans;
  });
  return { figures, awayS: Math.max(...spans.map(({ tookMs }) => tookMs)) / 1_000 };
}
