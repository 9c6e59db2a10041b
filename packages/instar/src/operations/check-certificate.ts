import { stat } from "node:fs/promises";
import type { Check } from "../doctor/check-data.ts";
import { failed, passed } from "../doctor/check-data.ts";
import { type CertificateFiles, readServerCertificate, type ServerCertificate } from "../settings/read-server-certificate.ts";

const DAY_MS = 86_400_000;
/** Most are renewed a month before their end: one that is this old was not. Of one that lives shortly, its last third. */
const LATE_MS = 14 * DAY_MS;
const LATE_SHARE = 1 / 3;

/** What front.tls names: whether it can be shown, for how long, and whether others can read the key. */
export async function checkCertificate(files: CertificateFiles, nowMs: number): Promise<Check[]> {
  const read = await readServerCertificate(files).then(
    (certificate) => judgeTime(certificate, nowMs),
    (error: unknown) =>
      failed("front", "certificate", error instanceof Error ? error.message : String(error), "The front goes on with the one that it has, if it has one."),
  );
  return [read, ...(await checkKeyMode(files.keyPath))];
}

function judgeTime({ validFromMs, validUntilMs }: ServerCertificate, nowMs: number): Check {
  const leftMs = validUntilMs - nowMs;
  const advice = "Renew it: the front takes the new one up by itself within seconds.";
  if (leftMs < 0) return failed("front", "certificate", `it expired on ${dayOf(validUntilMs)}`, advice);
  if (nowMs < validFromMs) return failed("front", "certificate", `it is valid from ${dayOf(validFromMs)} on`, "Look at the clock of this machine, or wait.");
  if (leftMs < Math.min(LATE_MS, (validUntilMs - validFromMs) * LATE_SHARE))
    return failed("front", "certificate", `it expires on ${dayOf(validUntilMs)}, and should have been renewed by now`, advice);
  return passed("front", "certificate", `it fits its key and is valid until ${dayOf(validUntilMs)}`);
}

async function checkKeyMode(keyPath: string): Promise<Check[]> {
  const found = await stat(keyPath).catch(() => undefined);
  if (found === undefined || process.platform === "win32" || (found.mode & OTHERS_READ) === 0) return [];
  const because = `every user of this machine may read ${keyPath}`;
  return [{ area: "front", what: "key of the certificate", verdict: "inconclusive", because, advice: `chmod o= ${keyPath}` }];
}

const OTHERS_READ = 0o004;

function dayOf(wallMs: number): string {
  return new Date(wallMs).toISOString().slice(0, 10);
}
