import { resolve } from "node:path";
import { type Finding, found, notFound } from "./finding.ts";
import { type Detection, planDetection } from "./plan-detection.ts";
import { readAgentListing } from "./read-agent-listing.ts";

export interface DetectAgentParts {
  /** The operator's PATH: where the agent's runtime is looked for. */
  readonly path: string;
  /** True where nothing listens at the port of this machine. */
  readonly isPortFree: (port: number) => Promise<boolean>;
}

export type AgentDetection = Omit<Detection, "frontPorts"> & { readonly frontPort: Finding<number> };

/**
 * Looks around in a folder and says what it takes the agent to be, on what evidence. Changes nothing and runs nothing of
 * the agent's.
 *
 * @throws InstarError PLATFORM_FAILED where the folder cannot be read
 */
export async function detectAgent(folder: string, { path, isPortFree }: DetectAgentParts): Promise<AgentDetection> {
  const { frontPorts, ...detection } = planDetection(await readAgentListing(resolve(folder), path));
  return { ...detection, frontPort: await chooseFrontPort(frontPorts, isPortFree) };
}

async function chooseFrontPort(ports: Detection["frontPorts"], isPortFree: DetectAgentParts["isPortFree"]): Promise<Finding<number>> {
  const [first, ...others] = ports.value ?? [];
  if (first === undefined) return notFound(ports.evidence);
  if (await isPortFree(first)) return found(first, ports.confidence === "none" ? "guess" : ports.confidence, ports.evidence);
  for (const port of others)
    if (await isPortFree(port))
      return found(
        port,
        "guess",
        `${first} is in use`,
        `port ${first} is in use, perhaps by the agent itself: to keep that address, stop the agent and write front.port: ${first}`,
      );
  return found(
    first,
    "guess",
    `${ports.evidence}; it is in use, and so are the others that were tried`,
    `port ${first} is in use: end what listens there before \`instar up\``,
  );
}
