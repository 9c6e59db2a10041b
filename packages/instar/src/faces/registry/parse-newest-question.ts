import { InstarError } from "@instar/protocol";
import { parse as parseVersion } from "semver";

/** What is there for whom. `current`: what runs now, null where nothing does. */
export interface NewestQuestion {
  readonly component: string;
  readonly channel: string;
  readonly current: string | null;
}

const NAME = /^[a-z][a-z0-9-]{0,99}$/;

/** @throws InstarError INPUT_INVALID */
export function parseNewestQuestion(query: URLSearchParams): NewestQuestion {
  for (const name of new Set(query.keys())) {
    if (!["component", "channel", "current"].includes(name)) throw mistake("only component, channel and current can be asked by");
    if (query.getAll(name).length > 1) throw mistake(`${name} is said twice`);
  }
  const [component, channel, current] = [query.get("component") ?? "", query.get("channel") ?? "stable", query.get("current")];
  if (!NAME.test(component)) throw mistake("component must be a name like agent");
  if (!NAME.test(channel)) throw mistake("channel must be a name like stable");
  if (current !== null && (current.length > 100 || parseVersion(current)?.version !== current)) throw mistake("current must be a version like 1.2.3");
  return { component, channel, current };
}

const mistake = (because: string) => new InstarError("INPUT_INVALID", because);
