import type { CrashPlace, CrashPoint, Fate, Victim } from "./crash-point.ts";
import { COLD, COLD_TRIAL, type InstanceKind, RECREATE, WARM, WARM_TRIAL } from "./instance-kind.ts";
import type { Act, Scenario } from "./play-acts.ts";

type Point = Omit<CrashPoint, "id">;

/** Acts for an instance of its own. */
export interface Row {
  readonly kind: InstanceKind;
  readonly acts: readonly Act[];
}

/** The steps of a code update, before the exchange and from it on. */
const BEFORE_EXCHANGE = ["fetch", "check-package", "analyse", "stage", "build", "validate", "decide", "back-up"] as const;
const FROM_EXCHANGE = ["switch", "confirm", "watch", "commit"] as const;

/** Whoever dies beside the daemon: in turn, so that keepers do not last long enough to make a dying daemon wait. */
const VICTIMS: readonly Victim[] = ["daemon", "both", "daemon", "keeper", "daemon", "daemon", "all"];
/** Once the new version serves, its own death would be its fault. */
const VICTIMS_IN_SERVICE: readonly Victim[] = ["daemon", "keeper", "daemon", "both", "daemon"];

/**
 * The fixed part: rows of acts, each for an instance of its own, in which every kind of journal entry of every outcome is met
 * by a death before and after it, and so is every rename that an update's safety hangs on.
 */
export function planMatrix(): Record<string, Row> {
  return {
    ...onKind(RECREATE, planRecreateActs()),
    ...onKind(WARM, { "an exchange side by side": SIDE_BY_SIDE }),
    ...onKind(COLD_TRIAL, { "a share of the callers first": ON_TRIAL }),
  };
}

function planRecreateActs(): Record<string, readonly Act[]> {
  return {
    "up to the exchange": [
      act("committed", inTurn(VICTIMS, [...around(entry("started")), within(entry("started")), ...BEFORE_EXCHANGE.slice(0, 4).flatMap(earlyStepPoints)])),
      act(
        "refused",
        inTurn(VICTIMS, [
          ...around(entry("failed", "validate")),
          ...around(entry("undoing", "stage")),
          ...around(entry("undone", "stage")),
          ...around(entry("ended")),
        ]),
      ),
      act(
        "committed",
        inTurn(VICTIMS, [...BEFORE_EXCHANGE.slice(4).flatMap(earlyStepPoints), ...around(rename("/manifest.jsonl")), ...around(rename("/release.json"))]),
      ),
      act(
        "cancelled",
        inTurn(VICTIMS, [
          ...around(entry("cancel-requested")),
          ...around(entry("undoing", "stage")),
          ...around(entry("undone", "stage")),
          ...around(entry("ended")),
        ]),
      ),
    ],
    "the exchange and the window": [
      ...GIVING_WAY.slice(0, 1),
      act("committed", inTurn(VICTIMS_IN_SERVICE, [...FROM_EXCHANGE.slice(0, 2).flatMap(stepPoints), ...around(rename("/manifest.json"))])),
      act(
        "committed",
        inTurn(VICTIMS_IN_SERVICE, [
          ...FROM_EXCHANGE.slice(2).flatMap(stepPoints),
          ...around(entry("waiting", "watch")),
          ...around(entry("ended")),
          within(entry("ended")),
        ]),
      ),
      act("committed", [...keeperWrites(), ...around({ rename: "/keeper/state.json", during: "commit" }).map(({ at, when }) => point("keeper", at, when))]),
      act("committed", DAEMON_FAULTS),
      act("committed", [point("all", entry("applying", "switch"), "after"), point("agent", entry("applying", "back-up"), "after")]),
      supersededBy(act("misbehaves", [point("daemon", entry("undone", "switch"), "before")]), around(entry("supersede-requested"))),
      act("committed", []),
    ],
    "the way back": [
      act(
        "misbehaves",
        inTurn(VICTIMS_IN_SERVICE, [
          ...around(entry("failed", "watch")),
          ...["switch", "back-up", "stage"].flatMap((step) => [...around(entry("undoing", step)), ...around(entry("undone", step))]),
          ...around(entry("ended")),
        ]),
      ),
      act(
        "breaks-state",
        inTurn(VICTIMS_IN_SERVICE, [
          ...around(rename("/.restores/")),
          ...around(rename("/aside/state-")),
          ...around(rename("/agent/state")),
          point("daemon", rename("/.restores/"), "after"),
          point("daemon", rename("/.restores/"), "after"),
        ]),
      ),
      act("will-not-start", inTurn(VICTIMS_IN_SERVICE, [...around(entry("failed", "switch")), ...around(entry("undone", "switch"))])),
      act("retried", inTurn(VICTIMS, around(entry("failed", "fetch")))),
      act(
        "cancelled-late",
        inTurn(VICTIMS_IN_SERVICE, [...around(entry("cancel-requested")), ...around(entry("undoing", "switch")), ...around(entry("undone", "switch"))]),
      ),
    ],
  };
}

/** Short rows, each for showing that a certain kind of mistake is noticed; the first of each kind of instance without a single kill. */
export function planProbes(): Record<string, Row> {
  return {
    ...onKind(RECREATE, {
      "nobody killed": [act("committed", []), act("breaks-state", []), act("refused", []), act("fails-smoke", [])],
      "killed while building": [
        act("committed", inTurn(["daemon"], [...earlyStepPoints("stage"), ...earlyStepPoints("build"), ...around(rename("/manifest.jsonl"))])),
      ],
      "killed while testing": [act("cancelled", inTurn(["daemon"], around(entry("cancel-requested"))))],
      "killed while exchanging": [
        act("committed", [
          ...inTurn(VICTIMS_IN_SERVICE, [...stepPoints("switch"), ...around(rename("/manifest.json"))]),
          ...keeperWrites(),
          point("daemon", entry("ended"), "within"),
        ]),
      ],
      "killed while restoring": planRecreateActs()["the way back"]?.slice(1, 2) ?? [],
      "daemon failing": [act("committed", DAEMON_FAULTS)],
      "source gone": [act("retried", [])],
      superseded: SUPERSEDED,
      "giving way": GIVING_WAY,
    }),
    ...onKind(WARM, {
      "side by side, nobody killed": [act("committed", []), act("misbehaves", []), act("will-not-start", []), act("fails-smoke", []), act("committed", [])],
      "side by side, killed while exchanging": SIDE_BY_SIDE.slice(0, 1),
      "side by side, superseded": SUPERSEDED,
    }),
    ...onKind(COLD, { "side by side and cold, nobody killed": [act("committed", []), act("cancelled-late", []), act("committed", [])] }),
    ...onKind(WARM_TRIAL, {
      "on trial, nobody killed": [act("committed", []), act("misbehaves", []), act("fails-smoke", []), act("cancelled-late", []), act("committed", [])],
      "on trial, superseded": [...SUPERSEDED, act("cancelled-in-trial", [])],
    }),
    ...onKind(COLD_TRIAL, { "on trial, killed while on it": ON_TRIAL.slice(0, 2) }),
  };
}

function onKind(kind: InstanceKind, rows: Record<string, readonly Act[]>): Record<string, Row> {
  return Object.fromEntries(Object.entries(rows).map(([name, acts]) => [name, { kind, acts }]));
}

const KINDS: Readonly<Record<InstanceKind["strategy"], readonly InstanceKind[]>> = { recreate: [RECREATE], "blue-green": [WARM, COLD_TRIAL, COLD, WARM_TRIAL] };

/** The kinds of instance in turn: every second one exchanges side by side. */
export function planRandomKind(turn: number, strategy?: InstanceKind["strategy"]): InstanceKind {
  const chosen = strategy ?? (turn % 2 === 0 ? "recreate" : "blue-green");
  const kinds = KINDS[chosen];
  return kinds[(strategy === undefined ? Math.floor(turn / 2) : turn) % kinds.length] ?? RECREATE;
}

const CHANCES: readonly (readonly [Scenario, number])[] = [
  ["committed", 8],
  ["misbehaves", 3],
  ["breaks-state", 2],
  ["will-not-start", 1],
  ["fails-smoke", 1],
  ["refused", 1],
  ["cancelled", 1],
  ["cancelled-in-trial", 1],
  ["cancelled-late", 2],
  ["gives-way", 2],
  ["superseded", 2],
  ["retried", 1],
];
const SUPERSEDING: readonly Scenario[] = ["committed", "misbehaves", "will-not-start", "fails-smoke", "cancelled-late"];
const ENTRIES: readonly CrashPlace[] = [
  ...[...BEFORE_EXCHANGE, ...FROM_EXCHANGE, ...FROM_EXCHANGE].flatMap((step) => [entry("applying", step), entry("applied", step)]),
  ...["switch", "back-up", "stage"].flatMap((step) => [entry("undoing", step), entry("undone", step)]),
  entry("failed"),
  entry("waiting", "watch"),
  entry("cancel-requested"),
  entry("supersede-requested"),
  entry("ended"),
];
const TRIAL_ENTRIES: readonly CrashPlace[] = ["applying", "applied", "waiting", "undoing", "undone"].map((kind) => entry(kind, "trial"));
const RENAMES = [
  "/keeper/state.json",
  "/release.json",
  "/manifest.jsonl",
  "/manifest.json",
  "/.restores/",
  "/aside/state-",
  "/agent/state",
  "/daemon.json",
  "/control.json",
];

/** An act with up to four kills at places and instants that `random` (from 0 up to 1) chooses. */
export function planRandomAct(kind: InstanceKind, random: () => number): Act {
  const below = (limit: number) => Math.floor(random() * limit);
  const pick = <T>(from: readonly T[]): T => from[below(from.length)] as T;
  const isPlayable = (scenario: Scenario) =>
    !(scenario === "breaks-state" && kind.strategy !== "recreate") && !(scenario === "cancelled-in-trial" && !kind.hasTrial);
  const scenario = pick(CHANCES.flatMap(([name, weight]) => (isPlayable(name) ? Array.from({ length: weight }, () => name) : [])));
  const entries = kind.hasTrial ? [...ENTRIES, ...TRIAL_ENTRIES, ...TRIAL_ENTRIES] : ENTRIES;
  let agents = 0;
  const victim = (): Victim => {
    // In a trial the one beside serves as well.
    const beside: readonly Victim[] = kind.strategy === "blue-green" && !kind.hasTrial ? ["beside", "beside"] : [];
    const who = pick<Victim>(["daemon", "daemon", "daemon", "keeper", "keeper", "both", "agent", "all", ...beside]);
    if (who !== "agent" && who !== "all" && who !== "beside") return who;
    agents += 1;
    // More than one death of the agent's own is what a crash loop looks like.
    return agents > 1 ? "both" : who;
  };
  const planKills = (most: number): Pick<Act, "points" | "instants"> => ({
    points: Array.from({ length: 1 + below(most) }, (): Point => {
      const at = random() < 0.7 ? pick(entries) : { rename: pick(RENAMES), nth: 1 + below(4) };
      const when = random() < 0.5 ? "before" : "after";
      return point(victim(), at, "entry" in at && random() < 0.2 ? "within" : when);
    }),
    instants: Array.from({ length: below(most + 1) }, () => ({ who: victim(), afterMs: below(1_800) })),
  });
  if (scenario !== "superseded" && scenario !== "gives-way") return { scenario, ...planKills(3) };
  return { scenario, ...planKills(2), by: { scenario: pick(SUPERSEDING), ...planKills(2) } };
}

/** A version that nobody met yet is taken back for a newer one, which then begins. */
const GIVING_WAY: readonly Act[] = [
  {
    ...act(
      "gives-way",
      inTurn(VICTIMS, [
        ...around(entry("supersede-requested")),
        ...around(entry("undoing", "stage")),
        ...around(entry("undone", "stage")),
        ...around(entry("ended")),
      ]),
    ),
    by: act("committed", []),
  },
  { ...act("gives-way", []), by: act("misbehaves", [point("daemon", entry("undone", "switch"), "before")]) },
];

/** What was superseded is not what an update that fails goes back to. Whatever came of it, the next one starts from what serves. */
const SUPERSEDED: readonly Act[] = [
  supersededBy(act("committed", [])),
  supersededBy(act("misbehaves", [])),
  act("committed", []),
  supersededBy(act("will-not-start", [])),
  act("committed", []),
];

/** Two versions of one agent, the old one kept up until the commit. */
const SIDE_BY_SIDE: readonly Act[] = [
  act("committed", [
    ...inTurn(VICTIMS_IN_SERVICE, [...stepPoints("switch"), ...stepPoints("confirm"), ...stepPoints("commit")]),
    ...["switch", "commit"].flatMap((during) => keeperWritesDuring(during)),
  ]),
  act("misbehaves", [
    ...inTurn(VICTIMS_IN_SERVICE, [...around(entry("failed", "watch")), ...around(entry("undoing", "switch")), ...around(entry("undone", "switch"))]),
    ...keeperWritesDuring("undoing switch"),
    // The warm one is gone just when it is needed.
    point("beside", entry("failed", "watch"), "after"),
  ]),
  act("fails-smoke", inTurn(VICTIMS_IN_SERVICE, [...around(entry("failed", "switch")), ...around(entry("undone", "switch"))])),
  supersededBy(act("will-not-start", [point("keeper", entry("undoing", "switch"), "after")]), around(entry("supersede-requested"))),
  act("committed", [point("all", entry("applying", "switch"), "after"), point("agent", entry("applying", "confirm"), "before")]),
];

/** The same with a trial before, the old one ended when the new one is confirmed. */
const ON_TRIAL: readonly Act[] = [
  act("committed", [
    ...inTurn(VICTIMS_IN_SERVICE, [...stepPoints("trial"), ...around(entry("waiting", "trial")), ...stepPoints("switch"), ...stepPoints("confirm")]),
    ...["trial", "switch", "confirm"].flatMap((during) => keeperWritesDuring(during)),
  ]),
  act("misbehaves", [
    ...inTurn(VICTIMS_IN_SERVICE, [...around(entry("failed", "trial")), ...around(entry("undoing", "trial")), ...around(entry("undone", "trial"))]),
    ...keeperWritesDuring("undoing trial"),
  ]),
  act(
    "cancelled-late",
    inTurn(
      VICTIMS_IN_SERVICE,
      ["switch", "trial"].flatMap((step) => [...around(entry("undoing", step)), ...around(entry("undone", step))]),
    ),
  ),
  supersededBy(act("misbehaves", [point("daemon", entry("undoing", "trial"), "after")])),
  act("committed", []),
];

const DAEMON_FAULTS: readonly Point[] = [
  point("fault", { entry: "applying", step: "build" }, "before"),
  point("fault", { entry: "applied", step: "switch" }, "before"),
];

function act(scenario: Scenario, points: readonly Point[]): Act {
  return { scenario, points, instants: [] };
}

/** Replaced by another act's version while it is still watched. */
function supersededBy(by: Act, places: readonly Pick<Point, "at" | "when">[] = []): Act {
  return { ...act("superseded", inTurn(["daemon", "keeper"], places)), by };
}

function point(who: Fate, at: CrashPlace, when: Point["when"]): Point {
  return { who, at, when };
}

function entry(kind: string, step?: string): CrashPlace {
  return step === undefined ? { entry: kind } : { entry: kind, step };
}

function rename(to: string): CrashPlace {
  return { rename: to };
}

/** A keeper that dies around each of its first writes, again and again. */
function keeperWrites(): Point[] {
  return [1, 1, 2, 2, 3].flatMap((nth) => around({ rename: "/keeper/state.json", nth }).map(({ at, when }) => point("keeper", at, when)));
}

/** A keeper that dies around what it writes first while a step is under way. */
function keeperWritesDuring(during: string): Point[] {
  return around({ rename: "/keeper/state.json", during }).map(({ at, when }) => point("keeper", at, when));
}

function around(at: CrashPlace): Pick<Point, "at" | "when">[] {
  return [
    { at, when: "before" },
    { at, when: "after" },
  ];
}

function within(at: CrashPlace): Pick<Point, "at" | "when"> {
  return { at, when: "within" };
}

function stepPoints(step: string): Pick<Point, "at" | "when">[] {
  return [...around(entry("applying", step)), ...around(entry("applied", step))];
}

/** Before a step begins is after the one before it ended: not killed twice. */
function earlyStepPoints(step: string): Pick<Point, "at" | "when">[] {
  return stepPoints(step).slice(1);
}

function inTurn(victims: readonly Victim[], places: readonly Pick<Point, "at" | "when">[]): Point[] {
  return places.map(({ at, when }, index) => point(victims[index % victims.length] ?? "daemon", at, when));
}
