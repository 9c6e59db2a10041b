import { type Draft, listed, type SettingsRule } from "./settings-rule.ts";

export const SOURCE_RULES: readonly SettingsRule[] = [
  {
    at: ["source", "git"],
    says: "a source that begins with '-' would be read by git as an option",
    isBroken: (draft) => looksLikeOption(draft("source", "git")),
  },
  {
    at: ["source", "branch"],
    says: "a branch that begins with '-' would be read by git as an option",
    isBroken: (draft) => looksLikeOption(draft("source", "branch")),
  },
  {
    at: ["source", "tag"],
    says: "a tag that begins with '-' would be read by git as an option",
    isBroken: (draft) => looksLikeOption(draft("source", "tag")),
  },
  {
    at: ["source", "tag"],
    says: "branch and tag exclude each other: follow the one or the other",
    isBroken: (draft) => draft("source", "branch") !== undefined && draft("source", "tag") !== undefined,
  },
  {
    at: ["source"],
    says: "name a source: git, npm, files, endpoint or registry",
    isBroken: (draft) => draft("source") !== undefined && ["git", "npm", "files", "endpoint", "registry"].every((kind) => draft("source", kind) === undefined),
  },
  {
    at: ["source", "channel"],
    says: "the channel is not among source.channels",
    isBroken: (draft) => typeof draft("source", "channel") === "string" && draft("source", "channels", String(draft("source", "channel"))) === undefined,
  },
  {
    at: ["source", "channel"],
    says: "a channel says itself which branch or tag is followed: leave branch and tag out",
    isBroken: (draft) => draft("source", "channel") !== undefined && (draft("source", "branch") !== undefined || draft("source", "tag") !== undefined),
  },
  {
    at: ["source", "tokenFile"],
    says: "a token would go over the network in the clear: write an https address in source.git, or one on this machine",
    isBroken: (draft) => draft("source", "tokenFile") !== undefined && /^http:\/\/(?!127\.|localhost[:/]|\[::1\])/i.test(String(draft("source", "git"))),
  },
  {
    at: ["source", "tokenFile"],
    says: "a token is for a remote by https; for ssh there is source.sshKey",
    isBroken: (draft) => draft("source", "tokenFile") !== undefined && !/^https?:\/\//i.test(String(draft("source", "git"))),
  },
  {
    at: ["source", "accept"],
    says: "it asks for signed commits or tags, and source.signers names nobody who may sign them",
    isBroken: (draft) => ["ssh", "openpgp"].some((kind) => accepts(draft, kind) && draft("source", "signers", kind) === undefined),
  },
  {
    at: ["source", "accept"],
    says: "it asks for what a pinned key vouches for, and there is no source.endpoint.publicKey",
    isBroken: (draft) => accepts(draft, "pinned-key") && draft("source", "endpoint", "publicKey") === undefined,
  },
  {
    at: ["source", "accept"],
    says: "it asks for signed releases, and there is no source.registry",
    isBroken: (draft) => accepts(draft, "tuf") && draft("source", "registry") === undefined,
  },
  {
    at: ["source", "accept"],
    says: "it asks for npm packages that somebody vouches for, and source.npm.origin does not say who may",
    isBroken: (draft) =>
      (accepts(draft, "npm-provenance") && draft("source", "npm", "origin", "provenance") === undefined) ||
      (accepts(draft, "npm-signature") && draft("source", "npm", "origin", "keys") === undefined),
  },
  {
    at: ["source", "accept"],
    says: "it names what the agent makes of itself, and without a section self the agent makes nothing",
    isBroken: (draft) => accepts(draft, "self") && draft("self") === undefined,
  },
];

const accepts = (draft: Draft, kind: string): boolean => listed(draft("source", "accept")).includes(kind);

function looksLikeOption(value: unknown): boolean {
  return typeof value === "string" && value.trimStart().startsWith("-");
}
