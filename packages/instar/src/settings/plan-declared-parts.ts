import { type AgentListing, inside } from "./agent-listing.ts";
import { type Finding, found, notFound } from "./finding.ts";
import { inFolder } from "./plan-node-parts.ts";
import type { Command } from "./settings.ts";

/** What files for other platforms say about the start: a Procfile was written for it, a Dockerfile for another file system. */
export function planDeclaredStart(listing: AgentListing, directory: string): Finding<Command>[] {
  return [planProcfile(listing.texts.get(inside(directory, "Procfile"))), planDockerfile(listing.texts.get(inside(directory, "Dockerfile")))];
}

function planProcfile(text: string | undefined): Finding<Command> {
  if (text === undefined) return notFound("there is no Procfile");
  const lines = [...text.matchAll(/^([A-Za-z0-9_-]+):[ \t]*(\S.*)$/gm)].map(([, name = "", line = ""]) => ({ name, line: line.trim() }));
  const chosen = PROCESS_NAMES.map((name) => lines.find((line) => line.name === name)).find((line) => line !== undefined) ?? lines[0];
  if (chosen === undefined) return notFound("the Procfile names no process");
  const others = lines.filter((line) => line !== chosen).map((line) => line.name);
  return found(
    chosen.line,
    "certain",
    `the Procfile says how ${chosen.name} is started`,
    others.length === 0 ? undefined : `the Procfile has other processes too (${others.join(", ")}); an instance of Instar keeps one`,
  );
}

const PROCESS_NAMES = ["web", "agent", "bot", "worker"];

function planDockerfile(text: string | undefined): Finding<Command> {
  if (text === undefined) return notFound("there is no Dockerfile");
  const joined = text.replaceAll(/\\\r?\n/g, " ");
  const last = (word: string) => [...joined.matchAll(new RegExp(`^\\s*${word}\\s+(.+)$`, "gim"))].at(-1)?.[1]?.trim();
  const entry = last("ENTRYPOINT");
  const command = last("CMD");
  if (entry === undefined && command === undefined) return notFound("the Dockerfile has no CMD");
  const entryWords = parseWords(entry);
  const commandWords = parseWords(command);
  const whole: Command | undefined =
    entry === undefined ? (commandWords ?? command) : entryWords === undefined ? entry : [...entryWords, ...(commandWords ?? [])];
  if (whole === undefined || whole.length === 0) return notFound("the Dockerfile's CMD is empty");
  return found(whole, "guess", "the Dockerfile says how its container starts", "the command is a container's: look whether its paths hold here");
}

function parseWords(text: string | undefined): string[] | undefined {
  if (text === undefined || !text.startsWith("[")) return undefined;
  try {
    const words: unknown = JSON.parse(text);
    return Array.isArray(words) && words.length > 0 && words.every((word) => typeof word === "string") ? words : undefined;
  } catch {
    return undefined;
  }
}

/** Tests that are not told by a language: Go's own, or a Makefile's target. */
export function planDeclaredTests(listing: AgentListing, directory: string): Finding<Command>[] {
  const isGo = listing.files.has(inside(directory, "go.mod")) && [...listing.files].some((path) => path.endsWith("_test.go"));
  const hasTarget = /^test\s*:/m.test(listing.texts.get(inside(directory, "Makefile")) ?? "");
  return [
    isGo ? found(inFolder(directory, "go test ./..."), "certain", "go.mod and *_test.go are there") : notFound("there are no Go tests"),
    hasTarget ? found(inFolder(directory, "make test"), "likely", "the Makefile has a target called test") : notFound("no Makefile has a target called test"),
  ];
}

/** A Go program is built before it can start. */
export function planGoParts(listing: AgentListing, directory: string): { build: Finding<Command>; start: Finding<Command> } | undefined {
  if (!listing.files.has(inside(directory, "go.mod")) || !listing.files.has(inside(directory, "main.go"))) return undefined;
  return {
    build: found(inFolder(directory, "go build -o bin/agent ."), "likely", "go.mod and main.go are there"),
    start: found(["./bin/agent"], "likely", "what `go build` makes of main.go"),
  };
}
