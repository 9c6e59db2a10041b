import type { InitQuestion } from "../../settings/plan-init.ts";

export interface InitFlag {
  /** As commander wants it. */
  readonly flags: string;
  readonly key: InitQuestion | "yes" | "force" | "json";
  readonly description: string;
}

export const answerFlags: readonly (InitFlag & { readonly key: InitQuestion })[] = [
  { flags: "--name <name>", key: "name", description: "what the instance is called" },
  { flags: "--source <git>", key: "source", description: "where new versions come from: an address or folder that git can fetch from" },
  { flags: "--branch <branch>", key: "branch", description: "the branch that is followed" },
  { flags: "--tag <pattern>", key: "tag", description: "follow tags of this pattern instead of a branch" },
  { flags: "--directory <folder>", key: "directory", description: "the agent's folder inside the repository" },
  { flags: "--start <command>", key: "start", description: "how the agent starts" },
  { flags: "--install <command>", key: "install", description: "what brings the dependencies, or none" },
  { flags: "--lockfiles <files>", key: "lockfiles", description: "the files that the dependencies depend on, with commas between" },
  { flags: "--produces <folders>", key: "produces", description: "the folders that the install command makes, with commas between" },
  { flags: "--build <command>", key: "build", description: "what builds the agent, or none" },
  { flags: "--tests <command>", key: "tests", description: "what a new version must pass, or none" },
  { flags: "--environment-file <file>", key: "environmentFile", description: "a file of NAME=value lines for the agent, or none" },
  { flags: "--port <port>", key: "port", description: "given (by a variable), none, or the number that is fixed in the code" },
  { flags: "--port-variable <name>", key: "portVariable", description: "the variable that names the port" },
  { flags: "--front-port <port>", key: "frontPort", description: "the port that people use" },
  { flags: "--health-path <path>", key: "healthPath", description: "the path that answers 2xx while the agent is well, or none" },
  { flags: "--health-log <pattern>", key: "healthLog", description: "a pattern in the output that says that the agent is ready" },
  { flags: "--health-command <command>", key: "healthCommand", description: "a program that exits with 0 while the agent is well" },
  { flags: "--heartbeat <file>", key: "heartbeat", description: "a file that the agent touches at least once a minute" },
  { flags: "--state <folder>", key: "state", description: "the agent's state folder, or external, or none" },
  { flags: "--state-variable <name>", key: "stateVariable", description: "the variable that tells the agent where its state is" },
  { flags: "--automatic <bump>", key: "automatic", description: "what proceeds by itself: never, patch, minor or major" },
  { flags: "--preset <name>", key: "preset", description: "what is known beforehand of a program that many people run: openclaw" },
];

/** The flags of `instar init`. Those that are not yes, force or json belong into `answers` under their key. */
export const initFlags: readonly InitFlag[] = [
  { flags: "-y, --yes", key: "yes", description: "take what is found without asking" },
  { flags: "--force", key: "force", description: "replace an instar.yaml that is there" },
  { flags: "--json", key: "json", description: "give the result as JSON" },
  ...answerFlags,
];
