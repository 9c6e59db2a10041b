import { InstarError } from "@instar/protocol";

export interface PostgresTool {
  readonly argv: readonly string[];
  /** Beside PATH and HOME: the password, which must not stand in a command line that every user of the machine can read. */
  readonly environment: Readonly<Record<string, string>>;
}

/**
 * Dumping with pg_dump in its own format, which pg_restore can check and put back in one transaction. `--no-password`: nobody is there to type one. Pure.
 *
 * @throws InstarError SETTINGS_INVALID where the address is none; the message is without it, since it may hold a password
 */
export function planDump(url: string, file: string, name: string): PostgresTool {
  const { address, environment } = splitAddress(url, name);
  return { argv: ["pg_dump", "--format=custom", "--no-password", `--file=${file}`, `--dbname=${address}`], environment };
}

/** All or nothing: killed or refused half-way, the server puts back what was there before. */
export function planRestore(url: string, file: string, name: string): PostgresTool {
  const { address, environment } = splitAddress(url, name);
  return {
    argv: ["pg_restore", "--clean", "--if-exists", "--single-transaction", "--exit-on-error", "--no-password", `--dbname=${address}`, file],
    environment,
  };
}

export function planSizeQuestion(url: string, name: string): PostgresTool {
  const { address, environment } = splitAddress(url, name);
  const question = "SELECT pg_database_size(current_database())";
  return { argv: ["psql", "--no-psqlrc", "--no-password", "--tuples-only", "--no-align", `--dbname=${address}`, `--command=${question}`], environment };
}

/** Not by URL: several hosts, and a user before a socket's empty host, are addresses to PostgreSQL and none to a browser. */
const ADDRESS = /^(postgres(?:ql)?:\/\/)(?:([^@/?#]*)@)?([^?#]*)(?:\?([^#]*))?$/i;

function splitAddress(url: string, name: string): { address: string; environment: Readonly<Record<string, string>> } {
  const [, scheme, owner, place = "", query = ""] = ADDRESS.exec(url.trim()) ?? [];
  if (scheme === undefined) throw notAnAddress(name);
  const [user = "", ...secret] = (owner ?? "").split(":");
  const options = query.split("&").filter((option) => option !== "");
  const rest = options.filter((option) => !option.startsWith("password="));
  const written = secret.length > 0 ? secret.join(":") : options.find((option) => option.startsWith("password="))?.slice("password=".length);
  const address = `${scheme}${user === "" ? "" : `${user}@`}${place}${rest.length === 0 ? "" : `?${rest.join("&")}`}`;
  // PGCONNECT_TIMEOUT: a server that swallows packets is not waited for.
  return { address, environment: { PGCONNECT_TIMEOUT: "10", ...(written === undefined ? {} : { PGPASSWORD: decode(written, name) }) } };
}

function decode(written: string, name: string): string {
  try {
    return decodeURIComponent(written);
  } catch {
    throw notAnAddress(name);
  }
}

function notAnAddress(name: string): InstarError {
  return new InstarError("SETTINGS_INVALID", `the address of the database ${name} is not of the form postgresql://user@host:port/database`, {
    facts: { database: name },
  });
}
