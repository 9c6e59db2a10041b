import type { KeeperCommand, KeeperReport } from "../../keeper/keeper-control.ts";
import { SLOTS, type SlotName } from "../../keeper/keeper-state.ts";

/** A keeper whose agents have no port, and start and end at once. */
export class MemoryKeeper {
  readonly told: KeeperCommand[] = [];
  readonly endedWhileRouted: string[] = [];
  routed: SlotName | null;
  share: KeeperReport["share"] = null;
  holding = false;
  readonly #slots: Record<SlotName, { release: string | null; alive: boolean; restarts: number }>;
  readonly #diesAtOnce: string | undefined;

  constructor(slots: Record<SlotName, string | null>, routed: SlotName, { diesAtOnce }: { diesAtOnce?: string } = {}) {
    this.#slots = { blue: slotOf(slots.blue), green: slotOf(slots.green) };
    this.routed = routed;
    this.#diesAtOnce = diesAtOnce;
  }

  running(): Partial<Record<SlotName, string>> {
    return Object.fromEntries(SLOTS.flatMap((name) => (this.#slots[name].alive ? [[name, this.#slots[name].release]] : [])));
  }

  async state(): Promise<KeeperReport> {
    const { routed, share, holding } = this;
    const report = (name: SlotName) => ({ ...this.#slots[name], port: null, pid: null, logPath: null, logFrom: 0, startedAt: null, cwd: null, version: null });
    return { routed, share, holding, slots: { blue: report("blue"), green: report("green") }, front: null } as unknown as KeeperReport;
  }

  async command(command: KeeperCommand): Promise<KeeperReport> {
    this.told.push(command);
    if (command.do === "hold") this.holding = true;
    if (command.do === "release") this.holding = false;
    if (command.do === "route") Object.assign(this, { routed: command.slot, share: command.share ?? null });
    if (command.do === "start") {
      const release = command.spec?.release ?? this.#slots[command.slot].release;
      const dies = release === this.#diesAtOnce;
      this.#slots[command.slot] = { release, alive: !dies, restarts: dies ? 3 : 0 };
    }
    if (command.do === "stop") {
      if ((this.routed === command.slot && !this.holding) || this.share?.slot === command.slot)
        this.endedWhileRouted.push(String(this.#slots[command.slot].release));
      this.#slots[command.slot].alive = false;
    }
    if (command.do === "clear") this.#slots[command.slot] = slotOf(null);
    return this.state();
  }
}

const slotOf = (release: string | null) => ({ release, alive: release !== null, restarts: 0 });
