import { InstarError, needOf, OPERATIONS, type Operation, type Role } from "@instar/protocol";
import { nearestName } from "../../settings/nearest-name.ts";
import { isInScope } from "./is-in-scope.ts";

/**
 * What a token is limited to: operations (`update.check`) and whole groups (`update.*`), separated by commas.
 * @throws InstarError INPUT_INVALID where one is unknown, or beyond what an agent may be given
 */
export function parseScope(text: string | undefined, role: Role): readonly string[] | null {
  if (text === undefined) return null;
  const scope = [...new Set(text.split(",").map((name) => name.trim()))];
  for (const name of scope) {
    const covered = (OPERATIONS as readonly Operation[]).filter((operation) => isInScope([name], operation.name));
    if (covered.length === 0) throw new InstarError("INPUT_INVALID", `scope: there is no operation ${JSON.stringify(name.slice(0, 80))}`, adviceFor(name));
    const beyond = role === "agent" ? covered.find((operation) => !AGENTS_NEEDS.has(needOf(operation))) : undefined;
    if (beyond !== undefined)
      throw new InstarError("INPUT_INVALID", `scope: ${beyond.name} is nothing for an agent, which may look and propose`, { facts: { scope: name } });
  }
  return scope;
}

const AGENTS_NEEDS: ReadonlySet<string> = new Set(["look", "propose"]);

function adviceFor(name: string): { advice: string } {
  const names = OPERATIONS.map((operation) => operation.name);
  const nearest = nearestName(name, [...names, ...new Set(names.filter((each) => each.includes(".")).map((each) => `${each.split(".")[0]}.*`))]);
  return { advice: nearest === undefined ? "`instar whoami` lists the operations." : `Did you mean ${nearest}?` };
}
