import { ORIGINS } from "@instar/protocol";
import { z } from "zod";
import { endpointSourceSettings } from "./endpoint-source-settings.ts";
import { filesSourceSettings } from "./files-source-settings.ts";
import { npmSourceSettings } from "./npm-source-settings.ts";
import { registrySourceSettings } from "./registry-source-settings.ts";
import { duration } from "./setting-values.ts";
import { checkAtSettings } from "./task-settings.ts";
import { webhookSettings } from "./webhook-settings.ts";

/** What a channel means in a git repository. */
const gitChannel = z.strictObject({
  branch: z.string().min(1).optional().describe("A branch, or a pattern such as release/*: the branch with the highest version in its name"),
  tag: z.string().min(1).optional().describe("A pattern of tags instead: the highest version wins"),
  prereleases: z.boolean().default(false).describe("Whether tags such as v2.0.0-rc.1 count"),
});

/** `source.signers`: who may vouch for commits and tags of git. */
const gitSigners = z.strictObject({
  ssh: z.string().min(1).optional().describe("A file of allowed signers, as ssh-keygen(1) describes it; a relative path counts from the folder of this file"),
  openpgp: z.string().min(1).optional().describe("A file of OpenPGP public keys, as `gpg --armor --export` writes them"),
});

/** `source`: where new versions come from. Several may be named: each is asked on its own, and a failing one stops no other. */
export const sourceSettings = z.strictObject({
  git: z.string().min(1).optional().describe("The remote: an address or a folder that git can fetch from"),
  branch: z
    .string()
    .min(1)
    .optional()
    .describe("The branch that is followed (default: main, unless a tag is named); a pattern such as release/*: the one with the highest version in its name"),
  tag: z.string().min(1).optional().describe("Follow tags instead: a pattern such as v*; the highest version wins"),
  prereleases: z.boolean().default(false).describe("Whether tags such as v2.0.0-rc.1 count"),
  channel: z.string().min(1).optional().describe("Which of the channels is followed, instead of a branch or a tag"),
  channels: z.record(z.string().min(1), gitChannel).default({}).describe("What each channel means in git"),
  sshKey: z.string().min(1).optional().describe("A private key for a remote by SSH; a relative path counts from the folder of this file"),
  tokenFile: z.string().min(1).optional().describe("A file with a token for a private remote by HTTPS, one line; it is never shown"),
  tokenUser: z.string().min(1).default("x-access-token").describe("The user name that goes with the token: x-access-token at GitHub, oauth2 at GitLab"),
  signers: gitSigners.prefault({}).describe("Who may vouch for a commit, or for the tag by which it was found"),
  npm: npmSourceSettings.optional().describe("An agent that is distributed as an npm package"),
  files: filesSourceSettings.optional().describe("A folder on this machine whose changes become versions"),
  endpoint: endpointSourceSettings.optional().describe("An address that says which version there is, and where its archive is"),
  registry: registrySourceSettings.optional().describe("A repository of signed releases (TUF)"),
  webhooks: webhookSettings.optional().describe("Who may say that there is something new; it is then looked for where this file says"),
  accept: z
    .array(z.enum(ORIGINS))
    .min(1)
    .default(["none"])
    .describe("Who must vouch for a version before anything in it runs; with none among them anybody's is taken, and every update says who did"),
  checkEvery: duration.prefault("5m").describe("How often upstream is asked"),
  checkAt: checkAtSettings.optional().describe("Ask at these times instead of every so often"),
});

export type SourceSettings = z.output<typeof sourceSettings>;

/** What is followed in git once the channel is looked up; undefined where git is no source. */
export function planGitFollow(source: SourceSettings): { branch?: string; tag?: string; prereleases: boolean } | undefined {
  if (source.git === undefined) return undefined;
  const channel = source.channel === undefined ? undefined : source.channels[source.channel];
  const { branch, tag, prereleases } = channel ?? source;
  return { ...(branch === undefined ? {} : { branch }), ...(tag === undefined ? {} : { tag }), prereleases };
}
