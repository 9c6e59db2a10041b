import type { UpdateView } from "@instar/protocol";
import { useEffect, useRef, useState } from "react";
import { Card } from "../../parts/card.tsx";
import { EmptyState } from "../../parts/empty-state.tsx";
import { Problem } from "../../parts/problem.tsx";
import { Text } from "../../parts/text.tsx";
import { useOutput } from "./use-output.ts";

/** What its jobs wrote, as it comes. */
export function LogTab({ update }: { readonly update: UpdateView }) {
  const { lines, isCut, error } = useOutput(update.id, update.outcome === null);
  const [isFollowed, setFollowed] = useState(true);
  const end = useRef<HTMLElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: it is the new lines that it follows.
  useEffect(() => {
    if (isFollowed && end.current !== null) end.current.scrollTop = end.current.scrollHeight;
  }, [lines, isFollowed]);
  return (
    <Card
      title="What its jobs wrote"
      aside={
        <label className="follow">
          <input type="checkbox" checked={isFollowed} onChange={(event) => setFollowed(event.target.checked)} /> Stay at the end
        </label>
      }
    >
      {error !== null && <Problem error={error} />}
      {isCut && <p className="quiet">Only its end is shown: `instar logs update` has all of it.</p>}
      {lines.length === 0 ? (
        <EmptyState title="Nothing was written">
          {update.outcome === null ? "It appears here while the jobs run." : "No job of this update wrote anything, or its log is gone by now."}
        </EmptyState>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard.
        <section ref={end} className="code-block log" aria-label="Log" tabIndex={0}>
          <pre>
            {lines.map(({ at, text }) => (
              <span key={at}>
                <Text text={text} />
                {"\n"}
              </span>
            ))}
          </pre>
        </section>
      )}
    </Card>
  );
}
