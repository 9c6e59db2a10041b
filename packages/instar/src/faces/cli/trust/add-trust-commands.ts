import type { Command } from "commander";
import { demand, parseHost, parseWhole, planAskedLayout, planReleaseFlags, planTypedChange, type TypedOptions } from "./plan-trust-question.ts";
import type { TrustQuestion } from "./trust-question.ts";

/**
 * The commands for signed releases. They work on a repository's folder, not on an instance, so none of them looks for instar.yaml.
 * @param run gets what was asked; where the flags do not fit together it is not called
 */
export function addTrustCommands(program: Command, run: (question: TrustQuestion) => Promise<void>): void {
  addTrust(program.command("trust").description("Keys and metadata of signed releases (TUF): init, show, rotate, sign, discard, refresh"), run);
  addRelease(program.command("release").description("Signed releases: publish, yank"), run);
  const registry = program.command("registry").description("Signed releases over HTTP: serve");
  withJson(registry.command("serve <repository>").description("Serve the metadata and the releases of a repository, read only, until it is told to end"))
    .option("--host <address>", "where to listen", "127.0.0.1")
    .option("--port <port>", "0 takes a free one", "8787")
    .action((repository: string, { host, port }: TypedOptions) =>
      run({ kind: "serve", repository, host: parseHost(host), port: parseWhole(port, "--port", 65_535) }),
    );
  program
    .command("tuf-client [arguments...]", { hidden: true })
    .allowUnknownOption()
    .helpOption(false)
    .action(() => run({ kind: "tuf-client" }));
}

function addTrust(trust: Command, run: (question: TrustQuestion) => Promise<void>): void {
  const init = withKeys(trust.command("init <repository>").description("Make a repository and its keys"), "where the keys are made, outside of the repository");
  for (const [role, keys] of [["root", 3] as const, ["targets", 2] as const, ["self", 2] as const])
    init
      .option(`--${role}-keys <number>`, `how many keys ${role} has (default ${keys})`)
      .option(`--${role}-threshold <number>`, `how many of them must sign (default 2)`);
  withJson(init).action((repository: string, options: TypedOptions) =>
    run({ kind: "init", repository, keys: demand(options, "keys"), layout: planAskedLayout(options) }),
  );
  withJson(trust.command("show <repository>").description("Roles, keys, drafts and releases of a repository, and what to do about them")).action(
    (repository: string) => run({ kind: "show", repository }),
  );
  withJson(withKeys(trust.command("rotate <repository>").description("Change which keys count; without --role, renew what people sign"), KEYS_AT_HAND))
    .option("--role <role>", "root, targets, self, snapshot or timestamp")
    .option("--add <pem...>", "files with public keys that shall count")
    .option("--remove <key id...>", "ids of keys that shall not count any more")
    .option("--threshold <number>", "how many of its keys must sign")
    .option("--lost", "its present keys cannot sign any more: root alone answers for the new ones")
    .action((repository: string, options: TypedOptions) =>
      run({ kind: "rotate", repository, keys: demand(options, "keys"), change: planTypedChange(options) }),
    );
  withJson(withKeys(trust.command("sign <repository> <draft>").description("Sign a draft, and publish it where that is enough"), KEYS_AT_HAND)).action(
    (repository: string, draft: string, options: TypedOptions) => run({ kind: "sign", repository, draft, keys: demand(options, "keys") }),
  );
  withJson(trust.command("discard <repository> <draft>").description("Throw a draft away")).action((repository: string, draft: string) =>
    run({ kind: "discard", repository, draft }),
  );
  const refresh = trust.command("refresh <repository>").description("Say for one more day that what is published is the newest; for a timer");
  withJson(withKeys(refresh, "the folder with timestamp.pem and snapshot.pem")).action((repository: string, options: TypedOptions) =>
    run({ kind: "refresh", repository, keys: demand(options, "keys") }),
  );
}

function addRelease(release: Command, run: (question: TrustQuestion) => Promise<void>): void {
  withJson(withKeys(withPlace(release.command("publish <release>").description("Publish a folder or a .tgz as a signed release")), KEYS_AT_HAND))
    .option("--percentage <number>", "to how many of a hundred instances it is offered", "100")
    .option("--component <name>", "where it has no release.json: what it is called (default: as in its package.json)")
    .option("--version <version>", "where it has no release.json: its version (default: as in its package.json)")
    .option("--kind <kind>", "where it has no release.json: what it is (default: agent)")
    .option("--rollback <text>", "where it has no release.json: how one goes back from it")
    .action((given: string, options: TypedOptions) =>
      run({
        kind: "publish",
        release: given,
        ...placeOf(options),
        percentage: parseWhole(options.percentage, "--percentage", 100),
        flags: planReleaseFlags(options),
      }),
    );
  withJson(withKeys(withPlace(release.command("yank <component> <version>").description("Take a release back: nobody is offered it any more")), KEYS_AT_HAND))
    .option("--because <text>", "why; agents that run it are told (required)")
    .option("--remove", "do not list it any more either", false)
    .action((component: string, version: string, options: TypedOptions) =>
      run({ kind: "yank", component, version, ...placeOf(options), because: demand(options, "because"), removes: options.remove === true }),
    );
}

const KEYS_AT_HAND = "the folder with the private keys at hand, one .pem each";

const placeOf = (options: TypedOptions) => ({
  repository: demand(options, "repository"),
  keys: demand(options, "keys"),
  channel: demand(options, "channel"),
});

const withPlace = (command: Command) =>
  command
    .option("--repository <folder>", "the repository (required)")
    .option("--channel <channel>", "a name like stable or beta; self is for what an agent wrote (required)");

const withKeys = (command: Command, what: string) => command.option("--keys <folder>", `${what} (required)`);

const withJson = (command: Command) => command.option("--json", "print JSON instead of words");
