import type { UpdateView } from "@instar/protocol";
import { Card } from "../../parts/card.tsx";
import { renderAbsolute, renderDuration } from "../../parts/render-time.ts";
import { Text } from "../../parts/text.tsx";
import { planTimeline } from "./plan-timeline.ts";

/** What happened when, and how long it took of the whole. */
export function TimelineTab({ update }: { readonly update: UpdateView }) {
  const { rows, spanMs } = planTimeline(update);
  return (
    <Card title={`${renderAbsolute(Date.parse(update.startedAt))}, ${renderDuration(spanMs)} in all`}>
      <ol className="timeline">
        {rows.map((row) => (
          <li key={row.id}>
            <span className="timeline-title">
              <Text text={row.title} />
            </span>
            <span className="timeline-bar" aria-hidden="true">
              <span className={`timeline-span step-${row.state}`} style={{ marginInlineStart: `${row.fromShare * 100}%`, width: `${row.share * 100}%` }} />
            </span>
            <span className="timeline-time">
              after {renderDuration(row.afterMs)}, {row.tookMs === null ? "not ended" : renderDuration(row.tookMs)}
            </span>
            <span className="timeline-because">
              <Text text={row.because} />
            </span>
          </li>
        ))}
      </ol>
    </Card>
  );
}
