/** What changes how any program starts, and so would change the shells and the sandbox's tool outside: given to the program alone. */
const LOADER = /^(LD_.*|DYLD_.*|GLIBC_TUNABLES|GCONV_PATH|LOCPATH|NLSPATH|BASH_ENV|ENV|SHELLOPTS|BASH_FUNC_.*|IFS|PS4)$/;

/** A job's environment in two parts: what may be set outside already, and what only the program inside may have. */
export function partEnvironment(environment: Readonly<Record<string, string>>): { inside: Record<string, string>; outside: Record<string, string> } {
  const pairs = Object.entries(environment);
  return {
    inside: Object.fromEntries(pairs.filter(([name]) => LOADER.test(name))),
    outside: Object.fromEntries(pairs.filter(([name]) => !LOADER.test(name))),
  };
}
