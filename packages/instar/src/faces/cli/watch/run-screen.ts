import { constants } from "node:os";
import { InstarError } from "@instar/protocol";
import { renderError } from "../connect.ts";
import { printable } from "../printable.ts";
import { renderAnswer } from "../render-answer.ts";
import { foldAnswer, foldHeard } from "./fold-heard.ts";
import { LOOK_EVERY_MS, operationOf } from "./instance-reader.ts";
import { plainAnswer } from "./plain-answer.ts";
import { type Key, pressKey } from "./press-key.ts";
import { readDetails } from "./read-details.ts";
import type { OpenScreen } from "./show-screen.ts";
import type { Watching } from "./watch-options.ts";
import { type Answer, type Effect, firstState } from "./watch-state.ts";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
/** Times on the screen go on also while nothing is heard. */
const TICK_MS = 1_000;

/**
 * Looks, shows, and does what the keyboard says, until a key, a signal or an error ends it. The terminal is then as it was.
 *
 * @returns 0, or 128 and the signal's number
 */
export async function runScreen(options: Watching, openScreen: OpenScreen): Promise<number> {
  const { update, environment, stdin, stdout, clock, reader, ends } = options;
  let state = firstState(update ?? null, clock.wallMs());
  let looksAgain = new AbortController();
  const hasColour = (environment.NO_COLOR ?? "") === "";
  const screen = openScreen({ stdin, stdout, press, lost: (cause) => end(cause ?? 0) });
  const show = () => {
    if (!ends.signal.aborted) screen.show({ state, nowMs: clock.wallMs(), hasColour });
  };
  const onSignals = SIGNALS.map((name) => [name, () => end(128 + constants.signals[name])] as const);
  for (const [name, stop] of onSignals) process.on(name, stop);
  for (const gone of [stdin, stdout]) for (const event of ["close", "error"]) gone.on(event, () => end(0));
  try {
    show();
    await Promise.all([look(), tick()]);
  } catch (error) {
    end(error);
  } finally {
    await screen.end();
    for (const [name, stop] of onSignals) process.off(name, stop);
  }
  const { reason } = ends.signal as { reason: unknown };
  if (typeof reason === "number") return reason;
  throw reason;

  /** The first reason is the one that counts. */
  function end(reason: unknown): void {
    ends.abort(reason);
  }

  async function look(): Promise<void> {
    while (!ends.signal.aborted) {
      looksAgain = new AbortController();
      const heard = await reader.look(state.chosen).catch((error: unknown) => end(error));
      if (heard === undefined || ends.signal.aborted) return;
      state = foldHeard(state, heard, clock.wallMs());
      show();
      await clock.sleep(LOOK_EVERY_MS, AbortSignal.any([ends.signal, looksAgain.signal])).catch(() => undefined);
    }
  }

  async function tick(): Promise<void> {
    while (!ends.signal.aborted) {
      await clock.sleep(TICK_MS, ends.signal).catch(() => undefined);
      show();
    }
  }

  function press(key: Key): void {
    const { state: next, effect } = pressKey(state, key);
    if (next.chosen !== state.chosen) looksAgain.abort();
    state = next;
    show();
    if (effect?.do === "quit") end(0);
    else if (effect !== undefined)
      carryOut(effect)
        .catch((error: unknown): Answer => ({ to: effect.do, failed: sayError(error) }))
        .then((answer) => {
          state = foldAnswer(state, answer);
          looksAgain.abort();
          show();
        })
        .catch(end);
  }

  async function carryOut(effect: Exclude<Effect, { do: "quit" }>): Promise<Answer> {
    switch (effect.do) {
      case "plan-rollback": {
        const { target } = await reader.ask("rollback.plan", {});
        // What is shown is the plan of exactly what is sent then.
        return { to: "plan-rollback", plan: await reader.ask("rollback.plan", { to: target.release }) };
      }
      case "read-details":
        return { to: "read-details", update: effect.update, lines: await readDetails(reader, effect.update) };
      case "send": {
        const { operation, input } = effect.command;
        const whole = effect.why === "" ? input : { ...input, because: effect.why };
        const answer = plainAnswer(await options.send(operationOf(operation), whole, () => screen.lend(options.askForToken), ends.signal));
        return { to: "send", text: renderAnswer(operation, answer).split("\n")[0] ?? "" };
      }
      default:
        return effect satisfies never;
    }
  }
}

const sayError = (error: unknown) =>
  InstarError.is(error)
    ? printable(renderError(error).replaceAll(/\s*\n\s*/g, "; "))
    : printable(`unexpected: ${error instanceof Error ? error.message : String(error)}`);
