// Which process is made of which rooms. A process loads what it is made of and nothing else: a command line has the answer before the engine would be read.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { InstarError } from "@instar/protocol";
import type { CliParts } from "./faces/cli/run-cli.ts";
import { Predecessor } from "./keeper/predecessor.ts";
import type { KeeperOptions } from "./keeper/run-keeper.ts";
import { starterOf } from "./keeper/starter-of.ts";
import { systemClock } from "./platform/clock.ts";
import { closeStrayDescriptors } from "./platform/close-stray-descriptors.ts";
import { makePrivateFolder } from "./platform/durable-files.ts";
import type { ProcessIdentity } from "./platform/process-identity.ts";
import { spawnDetached } from "./platform/spawn-detached.ts";
import { certificateFilesOf } from "./settings/read-server-certificate.ts";
import type { Settings } from "./settings/settings.ts";

/** Marks a keeper that is to replace the one with this pid, which started it and has a line to it. */
const TAKES_OVER = "INSTAR_TAKES_OVER";

/**
 * What the command line needs, wired.
 * @param main the script that every process of Instar is started with: this program's own entry
 */
export function composeCli(main: string): CliParts {
  const environment = { ...process.env };
  // --disable-sigusr1: nobody may open an inspector in the process that holds the keys.
  const selfArgv = [process.execPath, "--disable-warning=ExperimentalWarning", "--disable-sigusr1", "--disable-proto=delete", main];
  const version = packageVersion();
  const stop = () => {
    const controller = new AbortController();
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => controller.abort(new InstarError("CANCELLED", `told to end by ${signal}`)));
    return controller.signal;
  };
  // A log that cannot be written (the disk is full, the terminal is gone) must not end who writes it.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);
  const say = (line: string) => process.stdout.write(`${new Date(systemClock.wallMs()).toISOString()} ${line}\n`);
  const selfEnvironment = pickOwnEnvironment(environment);
  // Compiled code is kept in the instance's own private folder: a keeper that was killed is back sooner.
  const environmentIn = (folder: string) => ({ ...selfEnvironment, NODE_COMPILE_CACHE: join(folder, "cache", "node") });
  const replaced = environment[TAKES_OVER];
  const predecessor =
    replaced === undefined || process.send === undefined ? null : new Predecessor({ peer: starterOf(process), pid: Number(replaced), clock: systemClock });
  const versions = { instar: version, node: process.versions.node };
  const operator = environment.SUDO_USER ?? environment.USER ?? "operator";

  return {
    version,
    argv: process.argv.slice(2),
    environment,
    selfArgv,
    environmentIn,
    runDemo: async (options) => {
      const { runDemo } = await import("./demo/run-demo.ts");
      return runDemo({ ...options, selfArgv, environmentIn, operatorPath: environment.INSTAR_OPERATOR_PATH ?? environment.PATH ?? "", clock: systemClock });
    },
    openScreen: async () => {
      // React chooses by this, where it is loaded: else it is the one for developers, which draws several times as slowly.
      process.env.NODE_ENV ??= "production";
      const { openScreen } = await import("./faces/cli/watch/show-screen.ts");
      return openScreen;
    },
    openTrust: async () => {
      const { composeTrust } = await import("./compose-trust.ts");
      return composeTrust({
        clock: systemClock,
        stop,
        stdout: (text) => void process.stdout.write(text),
        stderr: (text) => void process.stderr.write(text),
      });
    },
    runKeeper: async (read, folder) => {
      const [{ becomeReaper }, { runKeeper }] = await Promise.all([import("./keeper/become-reaper.ts"), import("./keeper/run-keeper.ts")]);
      closeStrayDescriptors();
      becomeReaper(environment, join(folder, "keeper", "pid"));
      await makePrivateFolder(join(folder, "logs"));
      const { front, exchange } = read.settings;
      await runKeeper(
        {
          folder,
          front: front === undefined ? null : frontOptionsOf(front, read.folder),
          daemon: { argv: [...selfArgv, "daemon", "--folder", read.folder], cwd: read.folder, environment: environmentIn(folder) },
          successor: {
            argv: [...selfArgv, "keeper", "--folder", read.folder],
            cwd: read.folder,
            environment: { ...environmentIn(folder), [TAKES_OVER]: String(process.pid) },
          },
          predecessor,
          drainMs: exchange.drain,
          sockets: { group: exchange.sockets.group, withinMs: exchange.sockets.within },
          isManaged: environment.INSTAR_KEEPER_MANAGED !== undefined,
          clock: systemClock,
          say,
        },
        stop(),
      );
    },
    sayWhyNot: async (error) => predecessor?.refuse(error),
    runDaemon: async (read, folder) => {
      const [{ openInstance, instanceIdOf }, { openWebhooks }, { readLastPort }, { runDaemonProcess }, { openEntrance }, { serveHttp }] = await Promise.all([
        import("./compose-instance.ts"),
        import("./compose-webhooks.ts"),
        import("./daemon/read-daemon-door.ts"),
        import("./daemon/run-daemon-process.ts"),
        import("./operations/open-entrance.ts"),
        import("./faces/http/serve-http.ts"),
      ]);
      closeStrayDescriptors();
      const keeper = environment.INSTAR_KEEPER === undefined ? null : (JSON.parse(environment.INSTAR_KEEPER) as ProcessIdentity | null);
      const log = join(folder, "logs", "keeper.log");
      await runDaemonProcess(
        {
          folder,
          instanceId: instanceIdOf(folder),
          open: () => openInstance({ read, folder, environment, selfArgv, mode: "act" }),
          serve: async (daemon, doorToken) => {
            const entrance = openEntrance({ instance: daemon.instance, daemon, versions, operator, doorToken, say });
            const last = await readLastPort(folder);
            const wanted = read.settings.door.port ?? last;
            const about = { version, dataFolder: folder, findConsole, hosts: read.settings.door.hosts };
            const door = await serveHttp(entrance, about, wanted === null ? [] : [wanted]);
            if (wanted !== null && door.port !== wanted) say(`port ${wanted} is taken by another program; listening on ${door.port}`);
            // Pages that were open there may have shown their secrets to whoever listens there now.
            if (last !== null && door.port !== last) entrance.console.endAll(`the daemon listens on port ${door.port} and no longer on ${last}`);
            const { openAgentDoor } = await import("./operations/open-agent-door.ts");
            // The agent's folder may be in any state; the daemon serves all the same.
            await openAgentDoor(daemon.instance, door.port).catch((error: unknown) => {
              if (!InstarError.is(error)) throw error;
              say(`the agent has no door of its own: ${error.message}`);
            });
            const webhooks = openWebhooks(daemon, say);
            return { port: door.port, close: async () => void (await Promise.all([door.close(), webhooks?.close()])) };
          },
          keeper,
          startKeeper:
            environment.INSTAR_KEEPER_MANAGED !== undefined
              ? null
              : async () => {
                  await spawnDetached({
                    argv: [...selfArgv, "keeper", "--folder", read.folder],
                    cwd: read.folder,
                    environment: environmentIn(folder),
                    stdoutPath: log,
                    stderrPath: log,
                    beforeGo: async () => undefined,
                  });
                },
          say,
        },
        stop(),
      );
    },
    openForReading: async (read, folder) => {
      const { openForReading } = await import("./compose-instance.ts");
      return openForReading({ read, folder, environment, selfArgv });
    },
    findSandbox: async () => {
      const { findSandboxHere } = await import("./compose-instance.ts");
      return findSandboxHere();
    },
    answerAnalysis: async (asked, answered) => {
      const { answerAnalysis } = await import("./analysis/answer-analysis.ts");
      await answerAnalysis(asked, answered);
    },
    answerOffline: async (instance, operation, input, token) => {
      const [{ openEntrance }, { run }] = await Promise.all([import("./operations/open-entrance.ts"), import("./faces/http/serve-http.ts")]);
      const entrance = openEntrance({ instance, daemon: undefined, versions, operator, doorToken: null, say: () => undefined });
      const caller = token === undefined ? await entrance.owner() : await entrance.admit(token);
      await entrance.assertMay(caller, operation.name);
      return run(entrance.implement(caller), operation, input);
    },
    createFirstToken: async (read, folder, input) => {
      const { createFirstToken } = await import("./operations/create-first-token.ts");
      return createFirstToken({ settings: read.settings, folder, clock: systemClock, operator, input });
    },
  };
}

function frontOptionsOf(front: NonNullable<Settings["front"]>, folder: string): KeeperOptions["front"] {
  const { host, port, hold, stickBy, tells, trustedProxies, health, tls } = front;
  const limits = { requests: hold.requests, bytes: hold.bytes, timeMs: hold.time };
  return {
    host,
    port,
    hold: limits,
    stickBy,
    tells,
    trustedProxies,
    ...(health === false ? {} : { healthPath: health }),
    ...(tls === undefined ? {} : { tls: certificateFilesOf(tls, folder) }),
  };
}

/** What Instar's own processes get of the environment: no inspector, no preload, nothing of npm's, and no token of whoever starts them. */
function pickOwnEnvironment(environment: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const left = Object.entries(environment).filter(
    ([name, value]) =>
      value !== undefined && !/^(npm_|NODE_OPTIONS$|NODE_PATH$|NODE_V8_COVERAGE$|INSTAR_KEEPER$|INSTAR_TAKES_OVER$|INSTAR_TOKEN$|VITEST)/.test(name),
  );
  return Object.fromEntries(left) as Record<string, string>;
}

/** Packed beside the program, or built beside its sources; null where neither is. */
function findConsole(): string | null {
  const places = ["./console/", "../../console/dist/"].map((place) => fileURLToPath(new URL(place, import.meta.url)));
  return places.find((place) => existsSync(join(place, "index.html"))) ?? null;
}

function packageVersion(): string {
  const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as { version: string };
  return version;
}
