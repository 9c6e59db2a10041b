import { stat } from "node:fs/promises";
import type { SecureContextOptions } from "node:tls";
import { InstarError } from "@instar/protocol";
import type { Clock } from "../../platform/clock.ts";
import { type CertificateFiles, readServerCertificate, type ServerCertificate } from "../../settings/read-server-certificate.ts";

export interface LiveCertificateOptions {
  readonly files: CertificateFiles;
  readonly clock: Clock;
  readonly say: (line: string) => void;
}

const LOOK_EVERY_MS = 5_000;

/**
 * The certificate that the front shows, as whoever renews it leaves it on disk. A pair that is broken, half written or not valid today never
 * takes the place of one that works; connections that are open keep the one with which they began.
 */
export class LiveCertificate {
  readonly #options: LiveCertificateOptions;
  #shown: { readonly certificate: ServerCertificate; readonly stamp: string } | undefined;

  constructor(options: LiveCertificateOptions) {
    this.#options = options;
  }

  /** @throws InstarError SETTINGS_INVALID: see readServerCertificate */
  async load(): Promise<void> {
    const { files, clock, say } = this.#options;
    const stamp = await readStamp(files);
    const certificate = await readServerCertificate(files);
    const because = whyNotValid(certificate, clock.wallMs());
    if (because !== undefined) say(`the front shows a certificate that its callers will refuse: ${files.certificatePath} ${because}`);
    this.#shown = { certificate, stamp };
  }

  /** What a server is given. */
  context(): SecureContextOptions {
    if (this.#shown === undefined) throw new InstarError("SETTINGS_INVALID", "the certificate of the front has not been read");
    const { chain, key } = this.#shown.certificate;
    return { cert: chain, key, minVersion: "TLSv1.2" };
  }

  /** Looks after the files until the signal; `onRenewed` is called when `context` gives something new. */
  follow(onRenewed: () => void, signal: AbortSignal): void {
    void this.#follow(onRenewed, signal).catch(() => undefined); // The signal's reason.
  }

  async #follow(onRenewed: () => void, signal: AbortSignal): Promise<void> {
    const { clock, say } = this.#options;
    let [seen, told] = ["", ""];
    for (;;) {
      await clock.sleep(LOOK_EVERY_MS, signal);
      const wrong = await this.#look(onRenewed);
      // Two files are not replaced in one moment: only what is as wrong at the next look is a mistake. Tried again it is at each.
      if (wrong === seen && wrong !== told) {
        told = wrong;
        if (wrong !== "") say(`the front goes on with the certificate that it has: ${wrong}`);
      }
      seen = wrong;
    }
  }

  /** @returns what is wrong with what lies there, or nothing */
  async #look(onRenewed: () => void): Promise<string> {
    const { files, clock, say } = this.#options;
    // Before the files: what changes while they are read has another one at the next look.
    const stamp = await readStamp(files);
    if (stamp === this.#shown?.stamp) return "";
    try {
      const certificate = await readServerCertificate(files);
      const because = whyNotValid(certificate, clock.wallMs());
      if (because !== undefined) return `${files.certificatePath} ${because}`;
      const before = this.#shown?.certificate;
      this.#shown = { certificate, stamp };
      if (before?.chain.equals(certificate.chain) && before.key.equals(certificate.key)) return "";
      onRenewed();
      say(`the front shows a new certificate, valid until ${dayOf(certificate.validUntilMs)}`);
      return "";
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }
}

function whyNotValid({ validFromMs, validUntilMs }: ServerCertificate, nowMs: number): string | undefined {
  if (nowMs > validUntilMs) return `expired on ${dayOf(validUntilMs)}`;
  if (nowMs < validFromMs) return `is valid from ${dayOf(validFromMs)} on`;
  return undefined;
}

function dayOf(wallMs: number): string {
  return new Date(wallMs).toISOString().slice(0, 10);
}

/** Differs when either file was written or replaced, or a link on the way to it leads elsewhere. */
async function readStamp({ certificatePath, keyPath }: CertificateFiles): Promise<string> {
  const stamps = [certificatePath, keyPath].map(async (path) => {
    const found = await stat(path, { bigint: true }).catch(() => undefined);
    return found === undefined ? "none" : `${found.dev}:${found.ino}:${found.size}:${found.mtimeNs}:${found.ctimeNs}`;
  });
  return (await Promise.all(stamps)).join(" ");
}
