import type { OutputOf, SourceView, UpdateEventView, VersionMarksView } from "@instar/protocol";

export function renderSources({ sources }: OutputOf<"source.list">): string {
  return sources.map(renderSource).join("\n\n") || "instar.yaml names no source";
}

function renderSource({ id, address, follows, lookedAt, nextLookInMs, failing, failures, found, decision, because }: SourceView): string {
  const next = nextLookInMs === null ? "Instar does not run" : `asked again in ${Math.ceil(nextLookInMs / 1_000)} s`;
  return [
    `${id}  ${address}, ${follows}`,
    `  has      ${found === null ? "nothing yet" : `${found.version}${found.commit === null ? "" : ` (${found.commit.slice(0, 10)})`}, ${found.ref}`}`,
    `  decided  ${decision}: ${because}`,
    `  asked    ${lookedAt ?? "never"}; ${next}`,
    ...(failing === null ? [] : [`  failing  ${failures} times in a row: ${failing}`]),
  ].join("\n");
}

export function renderEvents({ events }: OutputOf<"source.events">): string {
  return events.map(renderEvent).join("\n") || "no source has reported anything yet";
}

function renderEvent(event: UpdateEventView): string {
  const { timestamp, targetVersion, currentVersion, seenBy, noticedBy, updateType, trigger, changedFileCount, decision, because, update, origin } = event;
  const from = currentVersion === null ? "" : ` (from ${currentVersion})`;
  const files = changedFileCount === 0 ? "" : `, ${changedFileCount} ${changedFileCount === 1 ? "file" : "files"}`;
  return `${timestamp}  ${targetVersion}${from}  ${trigger}${seenBy.length === 0 ? "" : ` at ${seenBy.join(" and ")}`}, noticed by ${noticedBy}; ${updateType}${files}${origin === null || origin.kind === "none" ? "" : `; ${origin.kind} by ${origin.by ?? ""}`}\n    ${decision}${update === null ? "" : ` (update ${update})`}: ${because}`;
}

export function renderProposal({ decision, because, update }: OutputOf<"update.propose">): string {
  return update === null ? `${decision}: ${because}` : `update ${update} begins: ${because}`;
}

export function renderMarks({ pinned, held, skipped, begunInADay, perDay }: VersionMarksView): string {
  const said = ({ by, at, because }: { by: string; at: string; because: string }) => `by ${by}, ${at}${because === "" ? "" : `: ${because}`}`;
  return [
    pinned === null ? "nothing is pinned" : `pinned at ${pinned.version} ${said(pinned)}`,
    held === null ? "updates are not held" : `held${held.until === null ? "" : ` until ${held.until}`} ${said(held)}`,
    ...(skipped.length === 0 ? ["no version is skipped"] : skipped.map((each) => `skipped: ${each.version} ${said(each)}`)),
    `${begunInADay} ${begunInADay === 1 ? "update" : "updates"} began by themselves within a day${perDay === null ? "" : `; ${perDay} may`}`,
  ].join("\n");
}
