import type { ImpactReport } from "@instar/protocol";
import type { AssessRequest } from "./analysis-request.ts";
import { runBuiltInChecks } from "./checks/run-built-in-checks.ts";
import { findConflicts } from "./conflicts/find-conflicts.ts";
import { findApiChanges } from "./find-api-changes.ts";
import { buildGraph } from "./graph/build-graph.ts";
import { findEntryPoints } from "./graph/find-entry-points.ts";
import { openGraphCache } from "./graph/graph-cache.ts";
import { planBlastRadius } from "./graph/plan-blast-radius.ts";
import { planDependencyChanges } from "./lockfiles/plan-dependency-changes.ts";
import { planImpact } from "./plan-impact.ts";
import { readEdits } from "./read-edits.ts";
import { listDeclared, readSettingsTexts } from "./read-settings-texts.ts";
import { findTouches } from "./touches/find-touches.ts";
import { isDocumentPath } from "./touches/is-document-path.ts";
import { isTestPath } from "./touches/is-test-path.ts";

/** Reads two versions from the disk and says what the step from one to the other touches. Nothing of them runs, nothing outside of them is read. */
export async function assessChange(request: AssessRequest): Promise<ImpactReport> {
  const { before, after, agent, differences } = request;
  const edits = await readEdits(differences, { before: before?.root ?? null, after: after.root });

  const cache = request.cachePath === null ? undefined : await openGraphCache(request.cachePath);
  const using = cache === undefined ? {} : { cache };
  const graphBefore = before === null ? null : (await buildGraph(before, using)).graph;
  const graphAfter = (await buildGraph(after, using)).graph;
  // What cannot be kept is parsed again next time.
  await cache?.save().catch(() => undefined);

  const texts = { before: await readSettingsTexts(before), after: await readSettingsTexts(after) };
  const entryPoints = findEntryPoints({
    graph: graphAfter,
    packages: texts.after.packages,
    pyprojects: texts.after.toolFiles.filter(({ path }) => path.endsWith("pyproject.toml")),
    start: agent.start,
    directory: agent.directory,
    isTest: isTestPath,
  });
  const dependencies = planDependencyChanges(
    [...texts.before.packages, ...texts.before.lockfiles],
    [...texts.after.packages, ...texts.after.lockfiles],
    agent.runtime,
  );
  const radius = planBlastRadius({
    before: graphBefore,
    after: graphAfter,
    edits,
    entryPoints,
    isTest: isTestPath,
    isHarmless: isDocumentPath,
    changedPackages: dependencies.changes.map(({ name }) => name),
  });

  return planImpact(request, {
    edits,
    radius,
    unreadable: unreadableOf(graphAfter, differences),
    touches: findTouches(edits, {
      startCommand: agent.start,
      agentDirectory: agent.directory,
      settingsFiles: SETTINGS_FILES,
      testCommand: agent.tests ?? undefined,
    }),
    dependencies,
    checks: runBuiltInChecks({ edits, before: graphBefore, after: graphAfter, declared: listDeclared(texts.after.packages) }),
    conflicts: findConflicts({
      ...request.conflicts,
      edits: request.conflicts.touched,
      ...texts.after,
      ...(before === null ? {} : { before: texts.before }),
      runtime: agent.runtime,
      directory: agent.directory,
      install: agent.install,
    }),
    api: findApiChanges(edits, (path) => entryPoints.includes(path)),
  });
}

/** Where the agent's own copy of what Instar is told may lie. */
const SETTINGS_FILES = ["instar.yaml", "instar.yml"];

/** A module that could not be read may need anything; that it could not be read is the change's doing only where the change concerns it. */
function unreadableOf(graph: Awaited<ReturnType<typeof buildGraph>>["graph"], differences: AssessRequest["differences"]): string[] {
  const changed = new Set(differences.map(({ path }) => path));
  return graph.unreadable.flatMap(({ id }) => {
    const path = graph.paths[id];
    return path !== undefined && changed.has(path) ? [path] : [];
  });
}
