import type { ImpactReport } from "@instar/protocol";

type Said = Pick<
  ImpactReport,
  "updateType" | "bump" | "impactLevel" | "impactBecause" | "risk" | "files" | "modules" | "entryPoints" | "touches" | "dependencies" | "rollback"
>;

const TYPES: Readonly<Record<ImpactReport["updateType"], string>> = {
  patch: "a mend",
  minor: "something new",
  major: "a change that may break what others rely on",
  hotfix: "an urgent mend",
  config: "a change of settings",
  security: "a mend of something unsafe",
};

/** The impact as one would tell it to whoever must decide, the gravest first. */
export function sayImpact({ updateType, impactLevel, impactBecause, files, modules, entryPoints, touches, dependencies, rollback }: Said): string[] {
  const weakening = touches.first.filter(({ weakens }) => weakens);
  const scripts = dependencies.first.filter(({ installScripts, kind }) => installScripts === true && kind !== "removed");
  const concerns = dependencies.first.filter((each) => each.concerns.length > 0);
  return [
    `It is ${TYPES[updateType]}: ${count(files.changed, "file")} with ${count(files.addedLines, "line")} more and ${files.deletedLines} fewer. Its impact is ${impactLevel}: ${impactBecause}.`,
    modules.isEverything
      ? "Anything may behave differently: some of what changed is nothing that the module graph can explain."
      : `${count(modules.directly.total, "module")} of ${modules.total} changed or use what changed, ${modules.indirectly.total} more reach it through others${entryPoints.total === 0 ? "; no entry point is among them" : `, among them ${count(entryPoints.total, "entry point")}`}.`,
    ...(weakening.length === 0 ? [] : [`It weakens what judges or protects: ${list(weakening.map(({ path, because }) => `${path} (${because})`))}.`]),
    ...(dependencies.total === 0 ? [] : [`${count(dependencies.total, "package")} change${dependencies.total === 1 ? "s" : ""}.`]),
    ...(scripts.length === 0 ? [] : [`These run a program of their own while they are installed: ${list(scripts.map(({ name }) => name))}.`]),
    ...(concerns.length === 0 ? [] : [`Look at these: ${list(concerns.map(({ name, concerns: [first = ""] }) => `${name} (${first})`))}.`]),
    `Going back would be ${rollback.complexity}: ${rollback.because}.`,
  ];
}

const count = (total: number, one: string): string => `${total} ${one}${total === 1 ? "" : "s"}`;

/** The first three by name, and how many more. */
const list = (items: readonly string[]): string => (items.length <= 3 ? items.join(", ") : `${items.slice(0, 3).join(", ")} and ${items.length - 3} more`);
