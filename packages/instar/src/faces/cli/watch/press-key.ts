import { printable } from "../printable.ts";
import { type CommandName, planCommand } from "./plan-command.ts";
import type { Effect, Pane, Question, WatchState } from "./watch-state.ts";

/** A key as the view knows it. `text`: one letter that was typed, or what was pasted. */
export type Key =
  | { readonly name: "up" | "down" | "page-up" | "page-down" | "home" | "end" | "enter" | "escape" | "backspace" | "interrupt" }
  | { readonly name: "letter" | "paste"; readonly text: string };

export interface Pressed {
  readonly state: WatchState;
  readonly effect?: Effect;
}

/** Enough for one screen; what fits no screen is cut by it. */
const PAGE = 10;
const MOST_TYPED = 2_000;

const COMMAND_OF: Readonly<Record<string, CommandName>> = { a: "approve", r: "reject", o: "keep", c: "cancel", p: "pin", h: "hold", s: "skip" };

/** What a key does. Nothing is sent but what was shown and asked before. */
export function pressKey(state: WatchState, key: Key): Pressed {
  if (key.name === "interrupt") return { state, effect: { do: "quit" } };
  if (state.question !== null) return answerQuestion(state, state.question, key);
  const { pane } = state;
  if (key.name === "escape") return pane.kind === "live" ? { state: { ...state, said: null } } : { state: { ...state, pane: { kind: "live" }, said: null } };
  if (key.name === "enter") return openDetails(state);
  if (key.name === "letter") return pressLetter(state, key.text);
  const by = STRIDE[key.name];
  return { state: by === undefined ? state : move(state, by) };
}

const STRIDE: Readonly<Partial<Record<Key["name"], number>>> = {
  up: -1,
  down: 1,
  "page-up": -PAGE,
  "page-down": PAGE,
  home: Number.NEGATIVE_INFINITY,
  end: Number.POSITIVE_INFINITY,
};

function pressLetter(state: WatchState, letter: string): Pressed {
  switch (letter) {
    case "q":
      return state.pane.kind === "live" ? { state, effect: { do: "quit" } } : { state: { ...state, pane: { kind: "live" } } };
    case "j":
      return { state: move(state, 1) };
    case "k":
      return { state: move(state, -1) };
    case "l":
      return { state: toggle(state, { kind: "log", back: 0 }) };
    case "m":
      return { state: toggle(state, { kind: "evidence" }) };
    case "?":
      return { state: toggle(state, { kind: "help" }) };
    case "b":
      if (isAway(state)) return nobodyToAsk(state);
      return { state: { ...state, said: null, question: { stage: "plan" } }, effect: { do: "plan-rollback" } };
    default: {
      const name = COMMAND_OF[letter];
      return name === undefined ? { state } : { state: ask(state, name) };
    }
  }
}

const toggle = (state: WatchState, pane: Pane): WatchState => ({ ...state, said: null, pane: state.pane.kind === pane.kind ? { kind: "live" } : pane });

function ask(state: WatchState, name: CommandName): WatchState {
  if (state.reading === null || isAway(state)) return nobodyToAsk(state).state;
  const planned = planCommand(name, state.reading);
  if (planned.kind === "impossible") return { ...state, said: { tone: "plain", text: planned.because } };
  const { command } = planned;
  return { ...state, said: null, question: { stage: command.why === "needed" ? "why" : "sure", command, why: "", typed: "" } };
}

const isAway = ({ away }: WatchState) => away !== null;
const nobodyToAsk = (state: WatchState): Pressed => ({
  state: { ...state, said: { tone: "bad", text: "no daemon answers, so nothing can be asked for; looking goes on" } },
});

/** In a text this scrolls; else it chooses another update, the newest first. */
function move(state: WatchState, by: number): WatchState {
  const { pane, reading } = state;
  if (pane.kind === "log") return { ...state, pane: { ...pane, back: within(pane.back - by, state.log.lines.length) } };
  if (pane.kind === "details") return { ...state, pane: { ...pane, at: within(pane.at + by, pane.lines?.length ?? 0) } };
  if (pane.kind !== "live" || reading === null) return state;
  const ids = reading.updates.map(({ id }) => id);
  const at = within(Math.max(0, ids.indexOf(reading.update?.id ?? "")) + by, ids.length);
  // The newest is followed, also once there is a newer one.
  return { ...state, chosen: at === 0 ? null : (ids[at] ?? null), reading: { ...reading, update: reading.updates[at] ?? null }, said: null };
}

const within = (at: number, length: number) => Math.min(Math.max(at, 0), Math.max(0, length - 1));

function openDetails(state: WatchState): Pressed {
  const update = state.reading?.update?.id;
  if (state.pane.kind === "details") return { state: { ...state, pane: { kind: "live" } } };
  if (update === undefined) return { state };
  if (isAway(state)) return nobodyToAsk(state);
  return { state: { ...state, said: null, pane: { kind: "details", update, lines: null, at: 0 } }, effect: { do: "read-details", update } };
}

function answerQuestion(state: WatchState, question: Question, key: Key): Pressed {
  if (question.stage === "sent") return { state };
  if (key.name === "escape") return leave(state);
  switch (question.stage) {
    case "plan":
      return { state };
    case "why": {
      if (key.name !== "enter") return { state: { ...state, question: { ...question, why: type(question.why, key) } } };
      return question.why.trim() === "" ? { state } : { state: { ...state, question: { ...question, stage: "sure" } } };
    }
    case "sure": {
      const { command, why, typed } = question;
      const send = (): Pressed => ({ state: { ...state, question: { ...question, stage: "sent" } }, effect: { do: "send", command, why: why.trim() } });
      if (command.mustType === null) {
        if (key.name !== "letter") return { state };
        if (key.text === "y") return send();
        return key.text === "n" || key.text === "q" ? leave(state) : { state };
      }
      if (key.name === "enter") return typed === command.mustType ? send() : { state: { ...state, question: { ...question, typed: "" } } };
      return { state: { ...state, question: { ...question, typed: type(typed, key) } } };
    }
    default:
      return question satisfies never;
  }
}

const leave = (state: WatchState): Pressed => ({ state: { ...state, question: null, said: { tone: "plain", text: "nothing was sent" } } });

function type(typed: string, key: Key): string {
  if (key.name === "backspace") return [...typed].slice(0, -1).join("");
  if (key.name !== "letter" && key.name !== "paste") return typed;
  return `${typed}${printable(key.text.replaceAll(/\s+/g, " "))}`.slice(0, MOST_TYPED);
}
