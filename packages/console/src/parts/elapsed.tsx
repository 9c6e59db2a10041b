import { renderDuration } from "./render-time.ts";
import { useNow } from "./use-now.ts";

/** How long it has been going on. */
export function Elapsed({ since }: { readonly since: string }) {
  const now = useNow("second");
  return <>{renderDuration(Math.max(1_000, now - Date.parse(since)))}</>;
}
