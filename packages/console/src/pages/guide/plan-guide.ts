import type { DoctorView, OutputOf, StatusView } from "@instar/protocol";

/** What the guide goes by; undefined where it is not known (yet, or to this role). */
export interface GuideFacts {
  readonly status: StatusView | undefined;
  readonly doctor: DoctorView | undefined;
  readonly settings: OutputOf<"settings.show"> | undefined;
  readonly updates: OutputOf<"update.list"> | undefined;
  readonly backups: OutputOf<"backup.list"> | undefined;
  readonly tokens: OutputOf<"token.list"> | undefined;
  readonly isKeyRemembered: boolean;
}

export interface GuidePoint {
  readonly id: string;
  readonly title: string;
  readonly says: string;
  /** Null where it is not known whether it is done. */
  readonly isDone: boolean | null;
  /** A command for the machine, where it takes one. */
  readonly command?: string;
  readonly page?: "/sources" | "/doctor" | "/settings" | "/people" | "/backups" | "/ledger" | "/updates" | "/policy" | "/observation";
}

/** From nothing to the first update, each point ticked off by what is, not by what somebody clicked. Pure. */
export function planGuide({ status, doctor, settings, updates, backups, tokens, isKeyRemembered }: GuideFacts): GuidePoint[] {
  const know = <Fact>(fact: Fact | undefined, is: (fact: Fact) => boolean): boolean | null => (fact === undefined ? null : is(fact));
  const isWritten = (section: string) =>
    know(settings, ({ sections }) => sections.some((each) => each.section === section && each.settings.some((setting) => setting.isWritten)));
  return [
    {
      id: "runs",
      title: "Instar runs and keeps the agent",
      says: "The keeper holds the agent and its port, the daemon decides and records. Either may die and is there again.",
      isDone: know(status, ({ running }) => running.keeper && running.daemon),
      command: "instar up",
    },
    {
      id: "source",
      title: "A source can be read",
      says: "Where new versions come from: a git repository, an npm package, a folder, an address, a registry of signed releases.",
      isDone: know(status, ({ sources }) => sources.some(({ lookedAt, failing }) => lookedAt !== null && failing === null)),
      page: "/sources",
    },
    {
      id: "serves",
      title: "The first version serves",
      says: "What the source has was built, started and reached people through the front.",
      isDone: know(status, ({ agent }) => agent.version !== null && agent.health === "pass"),
      page: "/updates",
    },
    {
      id: "tests",
      title: "A candidate is tested before it serves",
      says: "Say in instar.yaml how its tests are run. Without them nothing can pass, and only a person may go on.",
      isDone: isWritten("tests"),
      page: "/settings",
    },
    {
      id: "health",
      title: "Instar can ask the agent how it is",
      says: "A path that answers while it is well, a heartbeat, or a program. A version that nobody can ask is never known to be well.",
      isDone: isWritten("health"),
      page: "/settings",
    },
    {
      id: "state",
      title: "Its state is known, and a backup was made",
      says: "Where the agent keeps what must not be lost. A backup is taken before each exchange; make one now to see that it can be.",
      isDone: know(backups, ({ backups: all }) => all.some(({ state }) => state === "whole")),
      page: "/backups",
    },
    {
      id: "contained",
      title: "The agent cannot write where its judge stands",
      says: "While it is open, the agent runs as the same user as Instar, and could change tests, policies and the ledger's key. agent.sandbox keeps it from there.",
      isDone: know(status, ({ agent }) => agent.containment !== "open"),
      page: "/settings",
    },
    {
      id: "people",
      title: "Each person has a token of their own",
      says: "What is approved bears a name. An approver answers for updates that wait for one; the agent's own token may look and propose.",
      isDone: know(tokens, ({ tokens: all }) => all.some(({ state, role }) => state === "living" && role !== "agent")),
      page: "/people",
    },
    {
      id: "key",
      title: "This browser knows the ledger's key",
      says: "From then on it notices when the key is another one, or history was put back. Keep the key and a checkpoint elsewhere as well.",
      isDone: isKeyRemembered,
      page: "/ledger",
    },
    {
      id: "well",
      title: "The doctor finds nothing that is broken",
      says: "It looks at the machine, the data folder and the settings, and says what to do.",
      isDone: know(doctor, ({ checks }) => !checks.some(({ verdict }) => verdict === "fail" || verdict === "error")),
      page: "/doctor",
    },
    {
      id: "updated",
      title: "An update went through",
      says: "Publish a new version where the source looks, or start one by hand, and watch it go through its steps.",
      isDone: know(updates, ({ updates: all }) =>
        all.some(({ kind, outcome, versionFrom }) => kind === "code" && outcome === "committed" && versionFrom !== null),
      ),
      command: "instar update apply",
      page: "/updates",
    },
  ];
}
