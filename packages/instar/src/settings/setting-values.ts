import { isIP } from "node:net";
import { z } from "zod";

/**
 * The values that `instar.yaml` is made of. Durations are written `300ms`, `30s`, `5m`, `1h`, `3d` and become milliseconds; sizes are
 * written `64MiB` and become bytes.
 */
export const duration = z
  .string()
  .regex(/^\d+(\.\d+)?(ms|s|m|h|d)$/, "must be a duration such as 300ms, 30s, 5m, 1h or 3d")
  .refine((text) => durationMs(text) <= 365 * DURATION_MS.d, "must be a duration of a year at most")
  .transform(durationMs);
function durationMs(text: string): number {
  return Math.round(Number.parseFloat(text) * DURATION_MS[text.replace(/[\d.]/g, "") as keyof typeof DURATION_MS]);
}
const DURATION_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

export const size = z
  .string()
  .regex(/^\d+(KiB|MiB|GiB)$/, "must be a size such as 512KiB, 64MiB or 2GiB")
  .transform((text) => Number.parseInt(text, 10) * SIZE_BYTES[text.replace(/\d/g, "") as keyof typeof SIZE_BYTES]);
const SIZE_BYTES = { KiB: 1_024, MiB: 1_048_576, GiB: 1_073_741_824 } as const;

export const port = z.int().min(1).max(65_535);
/** A program and its arguments. A single string is given to the shell. `{port}`, `{state}` and `{release}` are filled in. */
export const command = z.union([z.string().min(1), z.array(z.string()).min(1)]);
export const relativePath = z.string().min(1).refine(isInsideRepository, "must be a path inside the repository");
function isInsideRepository(path: string): boolean {
  return !/^([\\/]|[A-Za-z]:)/.test(path) && !path.split(/[\\/]/).includes("..");
}
/** The name of an environment variable, as every shell understands it. */
export const variable = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "must be a variable's name: letters, digits and _, not beginning with a digit");
export const pattern = z.string().min(1).refine(isPattern, "must be a regular expression");
function isPattern(text: string): boolean {
  try {
    return new RegExp(text) instanceof RegExp;
  } catch {
    return false;
  }
}

/** First and last port, both included. */
export const portRange = z
  .string()
  .regex(/^\d{1,5}-\d{1,5}$/, "must be a range of ports such as 8000-8999")
  .refine((text) => {
    const [first, last] = portsOf(text);
    return first >= 1 && first <= last && last <= 65_535;
  }, "must be a range of ports between 1 and 65535, the lower one first")
  .transform(portsOf);
function portsOf(text: string): readonly [number, number] {
  const [first, last] = text.split("-").map(Number);
  return [first ?? 0, last ?? 0];
}
/** `203.0.113.7` or `10.0.0.0/8`, of either family. */
export const addressRange = z.string().refine(isAddressRange, "must be an address or a range of addresses such as 10.0.0.0/8");
function isAddressRange(text: string): boolean {
  const [address = "", bits, ...more] = text.split("/");
  const family = isIP(address);
  if (family === 0 || more.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128));
}

/** RFC 6901; the empty one is the whole answer. */
export const jsonPointer = z.string().regex(/^(\/([^~/]|~[01])*)*$/, "must be a JSON Pointer such as /version or /plugins/0/name");
export const hostAndPort = z
  .string()
  .regex(/^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:\d{1,5})?$/, "must be a host or host:port such as registry.npmjs.org or 127.0.0.1:4873");
