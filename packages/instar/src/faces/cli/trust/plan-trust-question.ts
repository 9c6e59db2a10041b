import { InstarError, TRUST_ROLES } from "@instar/protocol";
import type { AskedLayout } from "./trust-parts.ts";
import type { ReleaseFlags, TypedChange } from "./trust-question.ts";

/** Options as the parser of the command line gives them. */
export type TypedOptions = Readonly<Record<string, unknown>>;

/** What was said of the keys of each role; the rest is the default of whoever makes them. @throws InstarError INPUT_INVALID */
export function planAskedLayout(options: TypedOptions): AskedLayout {
  const role = (name: string) => ({ ...countOf(options, `${name}Keys`, "keys"), ...countOf(options, `${name}Threshold`, "threshold") });
  return { root: role("root"), targets: role("targets"), self: role("self") };
}

const countOf = <Name extends "keys" | "threshold">(options: TypedOptions, option: string, name: Name): { readonly [Each in Name]?: number } =>
  (options[option] === undefined
    ? {}
    : { [name]: parseWhole(options[option], `--${option.replace(/[A-Z]/, (letter) => `-${letter.toLowerCase()}`)}`, 99) }) as {
    readonly [Each in Name]?: number;
  };

/** Null where nothing but the expiry shall change. @throws InstarError INPUT_INVALID */
export function planTypedChange(options: TypedOptions): TypedChange | null {
  const add = listOf(options.add);
  const remove = listOf(options.remove);
  const threshold = options.threshold === undefined ? undefined : parseWhole(options.threshold, "--threshold", 99);
  const isLost = options.lost === true;
  const role = TRUST_ROLES.find((name) => name === options.role);
  const changesSomething = add.length > 0 || remove.length > 0 || threshold !== undefined;
  if (options.role === undefined) {
    if (changesSomething || isLost) throw mistake("--add, --remove, --threshold and --lost are about one role", "Name it with --role.");
    return null;
  }
  if (role === undefined) throw mistake(`--role is one of ${TRUST_ROLES.join(", ")}, not ${JSON.stringify(String(options.role).slice(0, 40))}`);
  if (!changesSomething) throw mistake(`nothing is said to change about ${role}`, "Say --add, --remove or --threshold; without --role everything is renewed.");
  return { role, add, remove, threshold, isLost };
}

const listOf = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : []);

export function planReleaseFlags({ component, version, kind, rollback }: TypedOptions): ReleaseFlags {
  const said = Object.entries({ component, version, kind, rollback }).filter(([, value]) => value !== undefined);
  return Object.fromEntries(said.map(([name, value]) => [name, String(value)]));
}

/** What must be said. @throws InstarError INPUT_INVALID where it is not */
export function demand(options: TypedOptions, flag: string): string {
  const text = options[flag];
  if (typeof text === "string" && text !== "") return text;
  throw mistake(`--${flag} is missing`);
}

/** A whole number from 0 to `most`. @throws InstarError INPUT_INVALID */
export function parseWhole(value: unknown, flag: string, most: number): number {
  const text = String(value);
  if (/^\d{1,9}$/.test(text) && Number(text) <= most) return Number(text);
  throw mistake(`${flag} is a whole number from 0 to ${most}, not ${JSON.stringify(text.slice(0, 40))}`);
}

/** Without a name Node listens everywhere. @throws InstarError INPUT_INVALID */
export function parseHost(value: unknown): string {
  const text = String(value);
  if (text.trim() === "") throw mistake("--host is empty", "Leave it out to listen on this machine only; 0.0.0.0 is everywhere.");
  return text;
}

const mistake = (message: string, advice?: string) => new InstarError("INPUT_INVALID", message, advice === undefined ? {} : { advice });
