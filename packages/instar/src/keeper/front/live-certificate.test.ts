import { X509Certificate } from "node:crypto";
import { copyFileSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync, truncateSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { systemClock } from "../../platform/clock.ts";
import { hasOpenssl, makeCertificate } from "../../settings/make-certificate.testing.ts";
import type { CertificateFiles } from "../../settings/read-server-certificate.ts";
import { SteppedClock, until } from "./front-bench.testing.ts";
import { LiveCertificate } from "./live-certificate.ts";

/** Without the program `openssl` there is nothing that makes certificates. */
describe.skipIf(!hasOpenssl)("a certificate on disk", () => {
  let folder: string;
  let clock: SteppedClock;
  let said: string[];
  let live: LiveCertificate;
  let renewals: number;
  let files: CertificateFiles;
  let stop: AbortController;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "instar-certificate-"));
    stop = new AbortController();
    said = [];
    renewals = 0;
    files = makeCertificate(folder, "first");
    clock = new SteppedClock(systemClock.wallMs());
    await follow();
  });
  afterEach(() => {
    stop.abort();
    rmSync(folder, { recursive: true, force: true });
  });

  async function follow(of = files): Promise<void> {
    live = new LiveCertificate({ files: of, clock, say: (line) => said.push(line) });
    await live.load();
    const before = clock.sleeping();
    live.follow(() => {
      renewals += 1;
    }, stop.signal);
    await until(() => clock.sleeping() === before + 1);
  }

  /** Lets so many looks be taken. */
  async function look(times = 1): Promise<void> {
    for (let time = 0; time < times; time += 1) {
      const asleep = clock.sleeping();
      clock.advance(5_000);
      await until(() => clock.sleeping() === asleep);
    }
  }

  const shown = () => /CN=(\w+)/.exec(new X509Certificate(live.context().cert as Buffer).subject)?.[1];
  const renew = (name = "second") => makeCertificate(folder, name);
  const put = (part: keyof CertificateFiles, from: CertificateFiles) => renameSync(from[part], files[part]);
  const CANNOT = /^the front goes on with the certificate that it has: /;

  test("is shown to nobody who speaks less than TLS 1.2, whatever Node was told", () => {
    expect(live.context()).toEqual({ cert: readFileSync(files.certificatePath), key: readFileSync(files.keyPath), minVersion: "TLSv1.2" });
  });

  test("is taken up once, when both of its files were replaced", async () => {
    const next = renew();
    put("keyPath", next);
    put("certificatePath", next);
    await look(3);
    expect(shown()).toBe("second");
    expect(renewals).toBe(1);
    expect(said).toEqual([expect.stringMatching(/^the front shows a new certificate, valid until \d{4}-\d\d-\d\d$/)]);
  });

  test("is taken up where its files were written over", async () => {
    const next = renew();
    writeFileSync(files.certificatePath, readFileSync(next.certificatePath));
    writeFileSync(files.keyPath, readFileSync(next.keyPath));
    await look();
    expect(shown()).toBe("second");
  });

  test("is taken up where links to its files were changed, as certbot does", async () => {
    const links = { certificatePath: join(folder, "fullchain.pem"), keyPath: join(folder, "privkey.pem") };
    const link = (to: CertificateFiles) => {
      for (const part of ["certificatePath", "keyPath"] as const) {
        symlinkSync(to[part], `${links[part]}.new`);
        renameSync(`${links[part]}.new`, links[part]);
      }
    };
    link(files);
    await follow(links);
    link(renew());
    await look();
    expect(shown()).toBe("second");
  });

  test("stays as it is between the replacement of one file and of the other, and nothing is said of that", async () => {
    const next = renew();
    put("certificatePath", next);
    await look();
    expect(shown()).toBe("first");
    put("keyPath", next);
    await look(3);
    expect(shown()).toBe("second");
    expect(said).toHaveLength(1);
  });

  test.each([
    ["half written", () => truncateSync(files.certificatePath, 200), /does not begin with a certificate/],
    ["gone", () => rmSync(files.keyPath), /no such file/],
    ["another's", () => put("certificatePath", renew()), /is not the key of/],
  ])("that is %s changes nothing, is spoken of once, and a whole one is taken up afterwards", async (_, spoil, because) => {
    spoil();
    await look(5);
    expect(shown()).toBe("first");
    expect(renewals).toBe(0);
    expect(said).toEqual([expect.stringMatching(CANNOT)]);
    expect(said[0]).toMatch(because);
    const next = renew("third");
    put("keyPath", next);
    put("certificatePath", next);
    await look(2);
    expect(shown()).toBe("third");
    expect(said).toHaveLength(2);
  });

  test("that was broken in two ways is spoken of twice", async () => {
    truncateSync(files.keyPath, 20);
    await look(3);
    rmSync(files.keyPath);
    await look(3);
    expect(said).toHaveLength(2);
  });

  test("that has expired does not take the place of one that has as well", async () => {
    clock.advance(31 * 86_400_000);
    await until(() => clock.sleeping() === 1);
    const next = renew();
    put("keyPath", next);
    put("certificatePath", next);
    await look(3);
    expect(shown()).toBe("first");
    expect(said).toEqual([expect.stringMatching(/that it has: .*first\.pem expired on /)]);
  });

  test("that is not valid yet is taken up when it is", async () => {
    clock = new SteppedClock(systemClock.wallMs() - 60_000);
    await follow();
    const next = renew();
    put("keyPath", next);
    put("certificatePath", next);
    await look(2);
    expect(shown()).toBe("first");
    await look(12);
    expect(shown()).toBe("second");
  });

  test("that has expired when the front begins is shown all the same, and said", async () => {
    clock = new SteppedClock(systemClock.wallMs() + 31 * 86_400_000);
    await follow();
    expect(shown()).toBe("first");
    expect(said).toEqual([expect.stringMatching(/^the front shows a certificate that its callers will refuse: .* expired on /)]);
  });

  test("whose files were only touched or copied is no new one", async () => {
    utimesSync(files.keyPath, 1, 1);
    copyFileSync(files.certificatePath, join(folder, "copy.pem"));
    renameSync(join(folder, "copy.pem"), files.certificatePath);
    await look(3);
    expect([renewals, said]).toEqual([0, []]);
  });
});
