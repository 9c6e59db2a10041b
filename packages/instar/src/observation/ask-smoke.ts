import type { Settings } from "../settings/settings.ts";
import { askHttp } from "./ask-http.ts";
import type { HealthReport } from "./health-report.ts";

/** One question of `exchange.smoke`, put to a version on its own port before any request goes there. Silence is `nodata`, never a pass. */
export function askSmoke(port: number, check: Settings["exchange"]["smoke"][number]): Promise<HealthReport> {
  return askHttp({ port }, { ...check, named: "exchange.smoke" });
}
