import { nowMs } from "../platform/clock.ts";
import { isFresh, renderAbsolute, renderRelative } from "./render-time.ts";
import { useNow } from "./use-now.ts";

/** A time, relative and in full; `at` is ISO 8601. */
export function When({ at, none = "never" }: { readonly at: string | null; readonly none?: string }) {
  const atMs = at === null ? Number.NaN : Date.parse(at);
  const now = useNow(isFresh(atMs, nowMs()) ? "second" : "minute");
  if (at === null || Number.isNaN(atMs)) return <span className="quiet">{none}</span>;
  return (
    <time dateTime={at} className="when" title={renderAbsolute(atMs)}>
      {renderRelative(atMs, now)} <span className="when-absolute">{renderAbsolute(atMs)}</span>
    </time>
  );
}
