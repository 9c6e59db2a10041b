import { InstarError } from "@instar/protocol";
import { channelSchema } from "./metadata-bodies.ts";

/** What is asked for: a component in a channel, in one version. */
export interface ReleaseName {
  readonly channel: string;
  readonly component: string;
  readonly version: string;
}

/** Where a release lies among the targets. `self/...` is signed by the role of that name and by nobody else. */
export const targetPathOf = ({ channel, component, version }: ReleaseName) => `${channel}/${component}-${version}.tgz`;

/** @throws InstarError INPUT_INVALID */
export function parseChannel(text: string): string {
  if (channelSchema.safeParse(text).success) return text;
  throw new InstarError("INPUT_INVALID", `${JSON.stringify(text.slice(0, 60))} is no channel: a name like stable or beta`);
}
