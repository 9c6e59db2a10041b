import { z } from "zod";
import { duration } from "./setting-values.ts";

/** `source.registry`: signed releases of a TUF repository. */
export const registrySourceSettings = z.strictObject({
  url: z
    .url({ protocol: /^https?$/ })
    .refine(isBareAddress, "must be an address without a password, ? and #")
    .describe("The repository: its metadata lie below metadata/, its releases below targets/"),
  root: z.string().min(1).describe("The root.json that trust begins with, as it was handed over; a relative path counts from the folder of this file"),
  component: z
    .string()
    .max(100)
    .regex(/^[a-z][a-z0-9]*(-[a-z][a-z0-9]*)*$/, "must be a component's name such as agent or my-skill")
    .describe("Whose releases are taken"),
  channel: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,39}$/, "must be a channel's name such as stable or beta")
    .default("stable")
    .describe("Which of its releases: the newest in this channel"),
  prereleases: z.boolean().default(false).describe("Whether versions such as 2.0.0-rc.1 count"),
  checkEvery: duration.prefault("5m").describe("How often the repository is asked"),
});

export type RegistrySourceSettings = z.output<typeof registrySourceSettings>;

/** Of what is no address at all something else is said. */
function isBareAddress(address: string): boolean {
  const url = URL.parse(address);
  return url === null || `${url.username}${url.password}${url.search}${url.hash}` === "";
}
