import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { BackupView, StatusView, UpdateView } from "@instar/protocol";
import { parse, parseDocument } from "yaml";
import { TestInstance, until } from "../e2e/test-instance.ts";
import { type OwnWords, redact } from "./redact.ts";

/**
 * Runs a script against a real instance, and gives it back with what each command printed below it, redacted.
 *
 *   # words               kept as they are
 *   $ instar …            as a person types it in the agent's folder; $PORT is the front's port, $UPDATE the newest update
 *   > clone               the agent's folder is a fresh clone of upstream, without an instar.yaml
 *   > settings NAME: …    the operator writes this part of instar.yaml anew; NAME may be section.key
 *   > publish V [with …]  upstream publishes version V; `with failing tests` breaks them, `with mended tests` mends them
 *   > wait V              until the update to V has ended, and Instar has asked upstream again
 *   > looked              until Instar has asked upstream since it was started
 *   > watching V          until V was exchanged and is being watched
 *
 * What a command says to standard error is marked with `!`, and a status other than 0 follows in brackets.
 */
export async function runScript(script: string): Promise<string> {
  const instance = await TestInstance.create();
  try {
    const output: string[] = [];
    let upAt = "";
    for (const line of script.trimEnd().split("\n")) {
      output.push(line);
      if (line === "$ instar up") upAt = new Date().toISOString();
      if (line.startsWith("$ instar ")) output.push(...runCommand(instance, line.slice("$ instar ".length)));
      else if (line.startsWith("> ")) await runVerb(instance, line.slice(2), upAt);
      else if (line !== "" && !line.startsWith("#")) throw new Error(`a script has no line such as: ${line}`);
    }
    return `${redact(output.join("\n"), listOwnWords(instance))}\n`;
  } finally {
    instance.end();
  }
}

function runCommand(instance: TestInstance, words: string): string[] {
  const newest = words.includes("$UPDATE") ? (instance.updates()[0]?.id ?? "") : "";
  const { status, stdout, stderr } = instance.cli(
    ...words.replaceAll("$PORT", String(instance.port)).replaceAll("$UPDATE", newest).replaceAll("$FOLDER", instance.folder).split(" "),
  );
  // Which steps `--wait` sees running depends on when it looks, so what it says on the way is left out.
  const notes = linesOf(stderr).filter((line) => !/^[▸✔✘] /.test(line));
  return [...linesOf(stdout), ...notes.map((line) => `! ${line}`), ...(status === 0 ? [] : [`[exit status ${status}]`])];
}

const linesOf = (text: string) => (text.trim() === "" ? [] : text.trimEnd().split("\n"));

async function runVerb(instance: TestInstance, words: string, upAt: string): Promise<void> {
  const [verb = "", first = "", ...rest] = words.split(" ");
  switch (verb) {
    case "clone":
      rmSync(instance.agent, { recursive: true });
      instance.git(instance.folder, "clone", "--quiet", instance.remote, instance.agent);
      return;
    case "settings":
      return writeSection(join(instance.agent, "instar.yaml"), first.replace(/:$/, ""), rest.join(" "));
    case "publish":
      instance.publish(first, changeOf(rest.join(" ")));
      return;
    case "wait":
      await waitForLook(instance, (await instance.ended(first)).endedAt ?? "");
      return;
    case "looked":
      await waitForLook(instance, upAt);
      return;
    case "watching":
      await until(`${first} is being watched`, () => isWatched(instance, first));
      return;
    default:
      throw new Error(`a script has no verb ${verb}`);
  }
}

function writeSection(path: string, name: string, value: string): void {
  const document = parseDocument(readFileSync(path, "utf8"));
  document.setIn(name.split("."), document.createNode(parse(value), { flow: true }));
  writeFileSync(path, document.toString());
}

function changeOf(words: string): Parameters<TestInstance["publish"]>[1] {
  const [right, wrong] = ["/^hello/", "/^bonjour/"];
  switch (words) {
    case "":
      return {};
    case "with failing tests":
      return { "test/answer.test.js": (text) => text.replace(right, wrong) };
    case "with mended tests":
      return { "test/answer.test.js": (text) => text.replace(wrong, right) };
    default:
      throw new Error(`nothing is published ${words}`);
  }
}

/** Instar asks upstream when it starts and when an update has ended; until then its words are those of before. */
async function waitForLook(instance: TestInstance, since: string): Promise<void> {
  await until(`upstream was asked after ${since}`, async () => {
    const { source } = await instance.ask<StatusView>("GET", "/v1/status");
    return source.lookedAt !== null && source.lookedAt > since ? true : undefined;
  });
}

async function isWatched(instance: TestInstance, version: string): Promise<true | undefined> {
  const { updates } = await instance.ask<{ updates: UpdateView[] }>("GET", "/v1/update/list");
  const step = updates.find((update) => update.versionTo === version)?.steps.find(({ id }) => id === "watch");
  return step?.state === "running" || step?.state === "waiting" ? true : undefined;
}

/** Ids and commits by the order in which they came, so that the output shows which is which. */
function listOwnWords(instance: TestInstance): OwnWords {
  const updates = existsSync(instance.data) ? instance.updates().toReversed() : [];
  const backups = existsSync(instance.data) ? instance.json<{ backups: BackupView[] }>("backup", "list").backups.toReversed() : [];
  const made = backups.filter(({ id }) => !updates.some((update) => update.id === id));
  const commits = instance.git(instance.work, "log", "--format=%H %s", "--reverse").trim().split("\n");
  return [
    ...updates.map(({ id }, index) => [id, `<update ${index + 1}>`] as const),
    ...made.map(({ id }, index) => [id, `<backup ${index + 1}>`] as const),
    ...commits.flatMap((line) => {
      const [hash = "", subject = ""] = line.split(" ");
      return [[hash, `<commit of ${subject}>`] as const, [hash.slice(0, 10), `<commit of ${subject}>`] as const];
    }),
    [instance.folder, "<folder>"],
    [`:${instance.port}`, ":<port>"],
    [` ${instance.port} `, " <port> "],
    [`${instance.port},`, "<port>,"],
  ];
}
