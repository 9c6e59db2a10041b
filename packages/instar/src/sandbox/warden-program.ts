import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { InstarError } from "@instar/protocol";
import type { EnteredProgram } from "./sandbox.ts";

/** In front of a program inside a sandbox: a door for the daemon to a program that stays, or a way to the registries' proxy. */
export type WardenMode = "service" | "registries";

/**
 * The program with the warden in front of it. The sandbox must let it read `readWardenFiles()` and the folder.
 *
 * @param folder of a socket that `openWardenSocket` opened
 */
export function planWarden(mode: WardenMode, folder: string, program: EnteredProgram): EnteredProgram {
  return {
    // --disable-sigusr1: the program may signal the warden, and must not open an inspector in it.
    argv: [process.execPath, "--disable-sigusr1", "--max-old-space-size=64", wardenPath(), mode, folder, "--", ...program.argv],
    cwd: program.cwd,
    environment: holdVariables(program.environment),
  };
}

/** Instar's own Node and the warden: all that the sandbox must show of Instar. */
export function readWardenFiles(): string[] {
  return [process.execPath, wardenPath()];
}

/** A file of `bin`, which lies beside `src` in the sources and beside `dist` in a package. @throws InstarError PLATFORM_FAILED */
export function findBinFile(name: string): string {
  const found = ["../bin/", "../../bin/"].map((folder) => fileURLToPath(new URL(`${folder}${name}`, import.meta.url))).find((path) => existsSync(path));
  if (found === undefined) throw new InstarError("PLATFORM_FAILED", `bin/${name} of Instar is not there`, { advice: "Install Instar again." });
  return found;
}

const wardenPath = () => findBinFile("warden.mjs");

const HELD = "INSTAR_HELD_";
/** Variables that make a process of Node's, or any, behave differently from its start on. What is held already is held twice. */
const WORKS_ON_WARDEN = /^(NODE_|UV_|LD_|DYLD_|OPENSSL_|SSL_CERT_|INSTAR_HELD_)/;

/** They are for the program and not for the warden, which gives them back their names when it starts it. */
function holdVariables(environment: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(environment).map(([name, value]) => [WORKS_ON_WARDEN.test(name) ? `${HELD}${name}` : name, value]));
}
