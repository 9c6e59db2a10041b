import { InstarError } from "@instar/protocol";
import type { Command } from "./settings.ts";

export interface CommandValues {
  readonly port?: number;
  /** The state folder, absolute. */
  readonly state?: string;
  /** The release's folder or id: whatever the caller promises for `{release}`. */
  readonly release?: string;
  /** Of state.copy alone: the folder that it fills. */
  readonly copy?: string;
}

/**
 * The program and its arguments, `{port}`, `{state}` and `{release}` filled in. A list is started as it is, one string is
 * given to the platform's shell; `${port}` is the shell's own and stays.
 *
 * @throws InstarError SETTINGS_INVALID where a placeholder has no value, or where a value that a shell would take apart
 *   stands in a string
 */
export function planCommand(command: Command, values: CommandValues, platform: NodeJS.Platform = process.platform): [string, ...string[]] {
  if (typeof command === "string")
    return shell(
      fillIn(command, values, (name, value) => assertShellSafe(name, value, platform)),
      platform,
    );
  const [program = "", ...rest] = command.map((word) => fillIn(word, values, (_, value) => value));
  if (program === "")
    throw new InstarError("SETTINGS_INVALID", "a command begins with an empty word", { advice: "The first entry of a command is the program." });
  return [program, ...rest];
}

function shell(line: string, platform: NodeJS.Platform): [string, ...string[]] {
  return platform === "win32" ? ["cmd.exe", "/d", "/s", "/c", line] : ["/bin/sh", "-c", line];
}

function fillIn(text: string, values: CommandValues, use: (name: string, value: string) => string): string {
  return text.replaceAll(/(?<!\$)\{(port|state|release|copy)\}/g, (_, name: keyof CommandValues) => {
    const value = values[name];
    if (value === undefined) throw new InstarError("SETTINGS_INVALID", `a command uses {${name}}, which has no value here`, { facts: { placeholder: name } });
    return use(name, String(value));
  });
}

/** Quoting would depend on the quotes that already stand around the placeholder, so a value that needs it is refused. */
function assertShellSafe(name: string, value: string, platform: NodeJS.Platform): string {
  const safe = platform === "win32" ? /^[\w./:@+=,\\-]+$/ : /^[\w./:@%+=,-]+$/;
  if (!safe.test(value))
    throw new InstarError("SETTINGS_INVALID", `the value of {${name}} holds a character that the shell would take apart`, {
      facts: { placeholder: name },
      advice: 'Write the command as a list: ["program", "--flag", "{state}"].',
    });
  return value;
}
