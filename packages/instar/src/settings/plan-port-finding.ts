import { type AgentListing, sourcesOf } from "./agent-listing.ts";
import { type Finding, found, notFound } from "./finding.ts";
import type { Command } from "./settings.ts";

export interface PortAnswer {
  readonly port: "none" | "given" | number;
  /** The variable that names the port; only for `given`. */
  readonly variable: string | undefined;
  /** Where people reach the agent today. */
  readonly usual: number | undefined;
}

/**
 * Where the agent listens: from its start command, its sources and its .env file.
 *
 * @param environment the variables of the .env file; only ports are shown of it
 */
export function planPortFinding(
  listing: AgentListing,
  directory: string,
  start: Command | undefined,
  environment: Readonly<Record<string, string>>,
): Finding<PortAnswer> {
  const line = start === undefined ? "" : typeof start === "string" ? start : start.join(" ");
  const sources = sourcesOf(listing, directory);
  const read = sources.flatMap(([path, text]) => variablesIn(path, text)).toSorted((a, b) => rank(a) - rank(b));
  const inLine = /\$\{?([A-Z_]*PORT)\b/.exec(line)?.[1];
  const variable = inLine ?? read[0]?.name ?? Object.keys(environment).find((name) => name === "PORT");
  if (variable !== undefined || line.includes("{port}")) {
    const usual = portIn(environment[variable ?? "PORT"]) ?? read.find((mention) => mention.name === variable && mention.usual !== undefined)?.usual;
    const evidence =
      inLine !== undefined || line.includes("{port}")
        ? "the start command takes the port"
        : read[0] === undefined
          ? "the .env file says PORT"
          : `${read[0].path} reads ${variable}`;
    return found(
      { port: "given", variable: variable ?? "PORT", usual },
      read[0] === undefined && inLine === undefined && !line.includes("{port}") ? "likely" : "certain",
      evidence + (usual === undefined ? "" : `; ${usual} is the usual one`),
    );
  }
  const fixed = sources.flatMap(([path, text]) => fixedIn(path, text)).toSorted((a, b) => a.rank - b.rank)[0];
  if (fixed !== undefined)
    return found(
      { port: fixed.port, variable: undefined, usual: fixed.port },
      fixed.rank === 0 ? "likely" : "guess",
      `${fixed.path} listens at ${fixed.port}`,
      "the port is fixed in the code: old and new version can never run at the same time, and the front needs another one. Let it read PORT",
    );
  const server = sources.find(([, text]) => SERVES.test(text))?.[0];
  if (server !== undefined || /\b(uvicorn|gunicorn|flask)\b/.test(line))
    return found(
      { port: "given", variable: "PORT", usual: undefined },
      "guess",
      `${server ?? "the start command"} serves HTTP, but where it listens was not found`,
      "look whether the agent listens at the port in the variable PORT",
    );
  if (sources.length === 0) return notFound("there is no source that could be read");
  return found({ port: "none", variable: undefined, usual: undefined }, "likely", "nothing in the sources listens at a port");
}

interface Mention {
  readonly path: string;
  readonly name: string;
  readonly usual: number | undefined;
}

const READS = [
  /\benv(?:\.|\[["'])([A-Z][A-Z0-9_]*)(?:["']\])?\s*\)?\s*(?:(?:\|\||\?\?)\s*\(?["'`]?(\d{2,5})\b)?/g,
  /\b([A-Z][A-Z0-9_]*)\s*=\s*["'`]?(\d{2,5})["'`]?[^;{}]*\}\s*=\s*process\.env\b/g,
  /(?:environ(?:\.get\(|\[)|[gG]etenv\(|ENV(?:\.fetch\(|\[)|env::var\()\s*["']([A-Z][A-Z0-9_]*)["']\s*(?:\]|\))?\s*(?:(?:,|\bor\b|\|\|)\s*["']?(\d{2,5})\b)?/g,
];

function variablesIn(path: string, text: string): Mention[] {
  return READS.flatMap((pattern) => [...text.matchAll(pattern)])
    .map(([, name = "", usual]) => ({ path, name, usual: portIn(usual) }))
    .filter(({ name }) => /^(?:[A-Z0-9_]*(?:AGENT|APP|API|BOT|HTTP|LISTEN|SERVER|SERVICE|WEB)_)?PORT$/.test(name));
}

function rank({ name, usual }: Mention): number {
  return (name === "PORT" ? 0 : 2) + (usual === undefined ? 1 : 0);
}

const FIXED = [
  /\blisten\(\s*(\d{2,5})\b/g,
  /ListenAndServe\(\s*"[^":]*:(\d{2,5})"/g,
  /Server\(\s*\(\s*["'][^"']*["']\s*,\s*(\d{2,5})\b/g,
  /\bport\s*[:=]\s*(\d{2,5})\b/gi,
];
/** Databases, queues and mail: an agent calls these. */
const FOREIGN_PORTS = [22, 25, 53, 443, 465, 587, 993, 1433, 3306, 5432, 5672, 6379, 9092, 9200, 11_211, 27_017];

function fixedIn(path: string, text: string): { path: string; port: number; rank: number }[] {
  return FIXED.flatMap((pattern, index) =>
    [...text.matchAll(pattern)].flatMap(([, digits]) => {
      const port = portIn(digits);
      return port === undefined || FOREIGN_PORTS.includes(port) ? [] : [{ path, port, rank: index < FIXED.length - 1 ? 0 : 1 }];
    }),
  );
}

const SERVES =
  /\bcreateServer\(|\bexpress\(|\b[fF]astify\(|\bnew (?:Hono|Koa)\b|\b(?:Bun|Deno)\.serve\(|\bserve\(\s*\{|http\.server|FastAPI\(|Flask\(|aiohttp\.web|ListenAndServe/;

function portIn(digits: string | undefined): number | undefined {
  const port = /^\d{2,5}$/.test(digits ?? "") ? Number(digits) : 0;
  return port >= 1 && port <= 65_535 ? port : undefined;
}
