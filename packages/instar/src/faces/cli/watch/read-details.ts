import { InstarError } from "@instar/protocol";
import { printable } from "../printable.ts";
import { renderImpact } from "../render-impact.ts";
import { renderExplanation } from "../render-observation.ts";
import { renderApproval } from "../render-policy.ts";
import { renderUpdate } from "../render-update.ts";
import type { InstanceReader } from "./instance-reader.ts";

/** All that is known of an update, for reading: what each of its parts says, or why that part is not there. */
export async function readDetails(reader: InstanceReader, update: string): Promise<readonly string[]> {
  const parts: readonly (readonly [string, () => Promise<string>])[] = [
    ["Steps, and what they found", async () => renderUpdate(await reader.ask("update.show", { update }))],
    ["Whose word is waited for", async () => renderApprovalOf((await reader.ask("approval.list", { limit: 1_000 })).approvals, update)],
    ["What it touches", async () => renderImpact(await reader.ask("impact", { update }))],
    ["Why it might or might not proceed, and what was seen of it in service", async () => renderExplanation(await reader.ask("update.explain", { update }))],
  ];
  const lines: string[] = [];
  for (const [title, read] of parts) {
    const text = await read().catch((error: unknown) => {
      if (!InstarError.is(error) || error.code === "NOT_RUNNING") throw error;
      return `not there: ${printable(error.message)}`;
    });
    lines.push(`── ${title}`, ...text.split("\n"), "");
  }
  return lines;
}

function renderApprovalOf(approvals: Parameters<typeof renderApproval>[0][], update: string): string {
  const found = approvals.find((approval) => approval.update === update);
  return found === undefined ? "nobody's" : renderApproval(found);
}
