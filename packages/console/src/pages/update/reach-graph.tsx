import type { ImpactReport } from "@instar/protocol";
import { useId } from "react";
import { renderVisible } from "../../parts/find-hidden.ts";
import { Text } from "../../parts/text.tsx";
import { planReach } from "./plan-reach.ts";

const LONGEST = 26;

/** The change as a picture: what changed, what uses that, what reaches it, and where it comes to light. The same as a list for whoever cannot see it. */
export function ReachGraph({ report }: { readonly report: ImpactReport }) {
  const reach = planReach(report);
  const title = useId();
  return (
    <>
      {report.modules.isEverything && (
        <p className="mark">
          Some of what changed is nothing that the module graph explains, so it counts as reaching everything:{" "}
          <Text text={report.modules.unexplained.first.slice(0, 5).join(", ")} />
        </p>
      )}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard. */}
      <section className="reach" aria-label="Graph of what the change reaches" tabIndex={0}>
        <svg viewBox={`0 0 ${reach.width} ${reach.height}`} width={reach.width} height={reach.height} role="img" aria-labelledby={title}>
          <title id={title}>{reach.columns.map((column) => `${column.title}: ${column.total}`).join("; ")}</title>
          {reach.curves.map((curve) => (
            <path key={curve} d={curve} className="reach-curve" />
          ))}
          {reach.columns.map((column, at) => (
            <g key={column.title}>
              <text x={at * 250} y={16} className="reach-title">
                {column.title} ({column.total})
              </text>
              {column.nodes.map((node) => (
                <g key={node.name}>
                  <rect x={node.x} y={node.y} width={190} height={22} rx={4} className="reach-node" />
                  <text x={node.x + 8} y={node.y + 15} className="reach-name">
                    {shorten(renderVisible(node.name))}
                    <title>{renderVisible(node.name)}</title>
                  </text>
                </g>
              ))}
              {column.more > 0 && (
                <text x={at * 250 + 8} y={34 + column.nodes.length * 30 + 15} className="reach-more">
                  and {column.more} more
                </text>
              )}
            </g>
          ))}
        </svg>
      </section>
      <details className="fold">
        <summary>The same as lists</summary>
        <Names title="Changed files" names={report.files.sample} total={report.files.changed} />
        <Names title="Changed modules and those that import them" names={report.modules.directly.first} total={report.modules.directly.total} />
        <Names title="Modules that reach them through others" names={report.modules.indirectly.first} total={report.modules.indirectly.total} />
        <Names title="Entry points" names={report.entryPoints.first} total={report.entryPoints.total} />
        <Names
          title="Components"
          names={[...report.components.directly.first, ...report.components.indirectly.first]}
          total={report.components.directly.total + report.components.indirectly.total}
        />
      </details>
    </>
  );
}

/** The end of a path says more than its beginning. */
const shorten = (name: string): string => (name.length <= LONGEST ? name : `…${name.slice(1 - LONGEST)}`);

function Names({ title, names, total }: { readonly title: string; readonly names: readonly string[]; readonly total: number }) {
  return (
    <>
      <h3>
        {title} ({total})
      </h3>
      <ul>
        {names.map((name) => (
          <li key={name}>
            <Text text={name} />
          </li>
        ))}
        {total > names.length && <li className="quiet">and {total - names.length} more</li>}
      </ul>
    </>
  );
}
