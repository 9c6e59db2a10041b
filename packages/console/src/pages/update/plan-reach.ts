import type { ImpactReport } from "@instar/protocol";

export interface ReachNode {
  readonly name: string;
  readonly x: number;
  readonly y: number;
}

export interface ReachColumn {
  readonly title: string;
  readonly total: number;
  readonly nodes: readonly ReachNode[];
  /** How many more than the nodes. */
  readonly more: number;
}

export interface Reach {
  readonly width: number;
  readonly height: number;
  readonly columns: readonly ReachColumn[];
  /** Curves between neighbouring columns: who changed, who uses it, who reaches it. */
  readonly curves: readonly string[];
}

const SHOWN = 7;
const COLUMN = 250;
const NODE_WIDTH = 190;
const ROW = 30;
const TOP = 34;

/**
 * Where the names stand and how they are joined. The report has sets and no single edges, so every name of a column is joined with the next column's middle and not
 * with single names: nothing is drawn that was not found.
 */
export function planReach(report: Pick<ImpactReport, "files" | "modules" | "components" | "entryPoints">): Reach {
  const parts = [
    { title: "Changed files", names: report.files.sample, total: report.files.changed },
    { title: "Use them", names: report.modules.directly.first.filter((name) => !report.files.sample.includes(name)), total: report.modules.directly.total },
    { title: "Reach them", names: report.modules.indirectly.first, total: report.modules.indirectly.total },
    { title: "Entry points", names: report.entryPoints.first, total: report.entryPoints.total },
  ];
  const height = TOP + Math.max(1, ...parts.map(({ names, total }) => Math.min(SHOWN, names.length) + (total > SHOWN ? 1 : 0))) * ROW + 8;
  const columns = parts.map(({ title, names, total }, at): ReachColumn => {
    const shown = names.slice(0, SHOWN);
    return {
      title,
      total,
      nodes: shown.map((name, row) => ({ name, x: at * COLUMN, y: TOP + row * ROW })),
      more: Math.max(0, total - shown.length - (title === "Use them" ? report.modules.directly.first.length - names.length : 0)),
    };
  });
  const filled = columns.filter(({ nodes }) => nodes.length > 0);
  const curves = filled.slice(1).flatMap((column, at) => {
    const before = filled[at];
    if (before === undefined) return [];
    const joint = { x: ((before.nodes[0]?.x ?? 0) + NODE_WIDTH + (column.nodes[0]?.x ?? 0)) / 2, y: (middleOf(before) + middleOf(column)) / 2 };
    return [
      ...before.nodes.map((node) => curve(node.x + NODE_WIDTH, node.y + 11, joint.x, joint.y)),
      ...column.nodes.map((node) => curve(joint.x, joint.y, node.x, node.y + 11)),
    ];
  });
  return { width: (parts.length - 1) * COLUMN + NODE_WIDTH, height, columns, curves };
}

const middleOf = ({ nodes }: ReachColumn): number => ((nodes[0]?.y ?? TOP) + (nodes.at(-1)?.y ?? TOP)) / 2 + 11;

function curve(fromX: number, fromY: number, toX: number, toY: number): string {
  const middle = (fromX + toX) / 2;
  return `M${fromX} ${fromY}C${middle} ${fromY} ${middle} ${toY} ${toX} ${toY}`;
}
