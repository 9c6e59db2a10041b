import type { KeeperReport, KeeperSlotReport } from "../../keeper/keeper-control.ts";
import { addToSketch, emptySketch, type LatencySketch } from "../../statistics/latency-sketch.ts";

/** A keeper that counts what a test lets its versions serve. */
export class SimulatedKeeper {
  pid = 1;
  isAway = false;
  isHolding = false;
  isListening = true;
  routed: "blue" | "green" = "blue";
  share: KeeperReport["share"] = null;
  blue: KeeperSlotReport = {
    release: "new",
    version: "1.0.0",
    wanted: "running",
    alive: true,
    pid: null,
    startedAt: "2026-01-01T00:00:00Z",
    port: null,
    restarts: 0,
    logPath: null,
    logFrom: 0,
    cwd: null,
    isSandboxed: false,
  };
  green: KeeperSlotReport = { ...this.blue, release: null, alive: false, wanted: "stopped" };
  readonly #counts: Record<string, { requests: number; failed: number; latency: LatencySketch }> = {};

  serve({ requests, failed = 0, latencyMs = 10 }: { requests: number; failed?: number; latencyMs?: number }, release = "new"): void {
    this.#counts[release] ??= { requests: 0, failed: 0, latency: emptySketch() };
    const its = this.#counts[release];
    its.requests += requests;
    its.failed += failed;
    for (let each = 0; each < requests; each += 1) addToSketch(its.latency, latencyMs);
  }

  /** What it is told is done already: the test put everything where it is. */
  command(): Promise<KeeperReport> {
    return this.state();
  }

  async state(): Promise<KeeperReport> {
    if (this.isAway) throw new Error("the keeper does not answer");
    const releases = Object.fromEntries(
      Object.entries(this.#counts).map(([release, its]) => [release, { ...its, writes: 0, latency: structuredClone(its.latency) }]),
    );
    const { pid, routed, share, isHolding: holding, blue, green } = this;
    return {
      pid,
      startedAt: "",
      routed,
      share,
      holding,
      slots: { blue, green },
      front: { listening: this.isListening, counts: { releases } },
    } as unknown as KeeperReport;
  }
}
