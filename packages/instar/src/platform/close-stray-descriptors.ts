import { closeSync, readdirSync, readFileSync } from "node:fs";

/** O_CLOEXEC in fdinfo's octal flags: the same on x64 and arm64. */
const CLOSE_ON_EXEC = 0o2_000_000;

/**
 * Closes what this process was handed open by whoever started it, beside stdio. Every descriptor that Node opens is closed in the programs it starts;
 * of those it was born with it sees to the first sixteen and to what follows without a gap (uv_disable_stdio_inheritance), and the rest would
 * be open in every job: a folder among them leads out of any sandbox. Linux only; called once, when a process begins.
 *
 * @returns the numbers that were closed
 */
export function closeStrayDescriptors(): number[] {
  if (process.platform !== "linux") return [];
  const strays = readdirSync("/proc/self/fdinfo")
    .map(Number)
    .filter((number) => number > 2 && isHandedOn(number));
  for (const number of strays) closeSync(number);
  return strays;
}

function isHandedOn(number: number): boolean {
  try {
    const flags = /^flags:\s+([0-7]+)/m.exec(readFileSync(`/proc/self/fdinfo/${number}`, "latin1"))?.[1];
    return flags !== undefined && (Number.parseInt(flags, 8) & CLOSE_ON_EXEC) === 0;
  } catch {
    return false; // The one that listed the folder.
  }
}
