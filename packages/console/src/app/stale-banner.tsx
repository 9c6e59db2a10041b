import { useLiveState } from "../data/use-live.ts";
import { When } from "../parts/when.tsx";

/** Says when the page no longer knows what is going on, and that it knows again by going away. The place stays, so that it is read out. */
export function StaleBanner() {
  const { isStale, sinceMs, because } = useLiveState();
  return (
    <div role="status" className="stale-place">
      {isStale && sinceMs !== null && (
        <p className="stale">
          <strong>What you see is old.</strong> {because} Nothing was heard since <When at={new Date(sinceMs).toISOString()} />. The agent does not depend on
          it; this page tries again by itself.
        </p>
      )}
    </div>
  );
}
