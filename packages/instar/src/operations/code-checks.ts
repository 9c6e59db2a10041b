import { type CodeCheckView, InstarError, renderProblem } from "@instar/protocol";
import type { Clock } from "../platform/clock.ts";

/** What a check has come to so far. */
export type CheckProgress = Partial<Pick<CodeCheckView, "steps" | "impact" | "policy">>;
export type CheckEnd = CheckProgress & Pick<CodeCheckView, "state" | "because" | "code" | "output">;

interface Kept {
  view: CodeCheckView;
  ended: Promise<void>;
}

const REMEMBERED = 10;

/** Checks of what an agent has written, which outlive the request: one at a time, looked at by id. Only in memory, as nothing comes of them. */
export class CodeChecks {
  readonly #kept = new Map<string, Kept>();
  readonly #clock: Clock;
  readonly #newId: () => string;

  constructor(options: { clock: Clock; newId: () => string }) {
    this.#clock = options.clock;
    this.#newId = options.newId;
  }

  /** @throws InstarError CONFLICT while another one is at work */
  assertNone(): void {
    const other = [...this.#kept.values()].find(({ view }) => view.state === "running");
    if (other !== undefined)
      throw new InstarError("CONFLICT", "what lies in code-repo is being checked", {
        facts: { check: other.view.id },
        transient: true,
        advice: "`code.progress` says how far it is.",
      });
  }

  /** Begins it, and gives it as it is at its beginning. @throws InstarError CONFLICT while another one is at work */
  begin(of: Pick<CodeCheckView, "commit" | "changed">, act: (tell: (progress: CheckProgress) => void) => Promise<CheckEnd>): CodeCheckView {
    this.assertNone();
    const id = this.#newId();
    const view: CodeCheckView = {
      ...{ id, ...of, state: "running", because: "", code: null, startedAt: this.#now(), endedAt: null },
      ...{ steps: [], impact: null, policy: null, output: "" },
    };
    const kept: Kept = { view, ended: Promise.resolve() };
    const change = (progress: Partial<CodeCheckView>) => {
      kept.view = { ...kept.view, ...progress };
    };
    kept.ended = act(change).then(
      (end) => change({ ...end, endedAt: this.#now() }),
      (error: unknown) => {
        const { detail, code } = renderProblem(error);
        change({ state: "error", because: detail, code, endedAt: this.#now() });
      },
    );
    this.#kept.set(id, kept);
    for (const [old] of this.#kept) if (this.#kept.size > REMEMBERED) this.#kept.delete(old);
    return view;
  }

  /** As it is now, or at its end where that comes in time. @param id the newest where it is undefined. @throws InstarError NOT_FOUND */
  async look(id: string | undefined, waitMs: number): Promise<CodeCheckView> {
    const kept = id === undefined ? [...this.#kept.values()].at(-1) : this.#kept.get(id);
    if (kept === undefined)
      throw new InstarError("NOT_FOUND", id === undefined ? "nothing was checked yet" : `there is no check ${id}`, {
        advice: "Where the daemon was started again meanwhile, it ended without a result: `code.check` begins another.",
      });
    if (kept.view.state === "running" && waitMs > 0) {
      const over = new AbortController();
      await Promise.race([kept.ended, this.#clock.sleep(waitMs, over.signal).catch(() => undefined)]);
      over.abort();
    }
    return kept.view;
  }

  #now(): string {
    return new Date(this.#clock.wallMs()).toISOString();
  }
}
