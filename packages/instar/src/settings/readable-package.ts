import { z } from "zod";
import { type AgentListing, inside } from "./agent-listing.ts";

const names = z.record(z.string(), z.unknown()).catch({});
const packageSchema = z.object({
  name: z.string().optional().catch(undefined),
  main: z.string().optional().catch(undefined),
  packageManager: z.string().optional().catch(undefined),
  scripts: z.record(z.string(), z.string()).catch({}),
  engines: z.object({ node: z.string().optional() }).catch({}),
  dependencies: names,
  devDependencies: names,
  optionalDependencies: names,
  workspaces: z.union([z.array(z.string()), z.object({ packages: z.array(z.string()) }).transform(({ packages }) => packages)]).catch([]),
});

export type ReadablePackage = z.output<typeof packageSchema>;

/** What a folder's package.json says, as far as it makes sense; undefined where there is none or it is not JSON. */
export function readablePackage(listing: AgentListing, folder: string): ReadablePackage | undefined {
  const text = listing.texts.get(inside(folder, "package.json"));
  if (text === undefined) return undefined;
  try {
    return packageSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
