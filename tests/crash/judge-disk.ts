import { givenOf, outcomeOf, standingOf, versionOf } from "./judge-journals.ts";
import type { Evidence } from "./read-evidence.ts";

/** What runs and what lies on disk against what the journals say, once everything has settled. */
export function judgeDisk(evidence: Evidence): string[] {
  return [...judgeRunning(evidence), ...judgeReleases(evidence), ...judgeLeftovers(evidence), ...evidence.durability, ...judgeAgents(evidence)];
}

function judgeRunning({ journals, living, front, keeper, starts, data }: Evidence): string[] {
  const standing = standingOf(journals);
  const problems: string[] = [];
  const agents = living.filter(({ part }) => part === "agent");
  for (const part of ["keeper", "daemon"]) {
    const count = living.filter((one) => one.part === part).length;
    if (count !== 1) problems.push(`${count} ${part}s live`);
  }
  if (keeper.holding) problems.push("the front is still holding");
  if (standing === undefined) return agents.length === 0 ? problems : [...problems, "an agent runs and nothing was committed"];

  const release = String(givenOf(standing).release);
  const [agent] = agents;
  if (agents.length !== 1 || agent === undefined) return [...problems, `${agents.length} agents live`];
  if (agent.release !== release) problems.push(`release ${agent.release} runs instead of ${release}`);
  const start = starts.findLast(({ pid }) => pid === agent.pid);
  if (start?.cwd !== `${data}/releases/${release}/tree`) problems.push(`the agent runs in ${start?.cwd}`);
  if (front.status !== 200 || front.version !== versionOf(standing))
    problems.push(`the front answers ${front.status} by ${front.version} instead of 200 by ${versionOf(standing)}`);
  return problems;
}

function judgeReleases({ releases, journals }: Evidence): string[] {
  const needed = standingOf(journals);
  const problems = releases.flatMap(({ id, digest, manifest, found }) => {
    if (digest === null) return [`release ${id} is an unfinished attempt`];
    return digest === manifest && digest === found ? [] : [`release ${id} is not what was sealed`];
  });
  if (needed !== undefined && !releases.some(({ id }) => id === givenOf(needed).release)) problems.push("the release that should run is not on disk");
  for (const journal of journals) {
    const outcome = outcomeOf(journal);
    const { release } = givenOf(journal);
    if (outcome !== "committed" && outcome !== "superseded" && releases.some(({ id }) => id === release))
      problems.push(`release ${String(release)} was ${outcome} and is still on disk`);
  }
  return problems;
}

function judgeLeftovers({ snapshots, living, scratch, journals }: Evidence): string[] {
  const known = new Set(journals.map((journal) => journal[0]?.update));
  return [
    ...snapshots.filter(({ isWhole }) => !isWhole).map(({ id }) => `snapshot ${id} is unfinished`),
    ...snapshots.filter(({ id }) => !known.has(id)).map(({ id }) => `snapshot ${id} belongs to no update`),
    ...living.filter(({ part }) => part === "job").map(({ pid }) => `job process ${pid} is left`),
    ...scratch.map((name) => `scratch/${name} is left`),
  ];
}

function judgeAgents({ starts, offences }: Evidence): string[] {
  return [
    ...offences.map((offence) => `more agents lived at once than may: ${offence}`),
    ...starts.filter(({ built }) => built !== "built\n").map(({ version }) => `${version} was built over what an earlier build had left`),
    ...starts
      .filter(({ kind }) => kind === "second-agent")
      .map(({ pid, version, other }) => `agent ${pid} of ${version} was started while ${other?.pid} of ${other?.version} lived`),
  ];
}
