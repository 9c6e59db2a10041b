import { certificateFilesOf, readServerCertificate } from "../settings/read-server-certificate.ts";
import type { OperationContext } from "./context.ts";

/** Why a front that should listen does not. */
export async function explainFront({ settings, rooms }: OperationContext["instance"]): Promise<string> {
  const tls = settings.front?.tls;
  const broken =
    tls === undefined
      ? undefined
      : await readServerCertificate(certificateFilesOf(tls, rooms.settingsFolder)).then(
          () => undefined,
          (error: unknown) => (error instanceof Error ? error.message : String(error)),
        );
  return broken ?? `port ${settings.front?.port} is in use by another program`;
}
