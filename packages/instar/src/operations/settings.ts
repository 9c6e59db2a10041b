import { createHash } from "node:crypto";
import { join } from "node:path";
import { type Implementations, InstarError, type SettingsView } from "@instar/protocol";
import { parse } from "yaml";
import { isSecretName } from "../edits/is-secret-name.ts";
import { MASK, maskValue } from "../edits/mask-secrets.ts";
import { planTarget } from "../edits/plan-target.ts";
import { type ListedSetting, listSettings } from "../settings/list-settings.ts";
import { parseSettings } from "../settings/parse-settings.ts";
import { SETTINGS_FILE } from "../settings/read-settings.ts";
import { decodeText, readSmallFile } from "../settings/read-small-file.ts";
import { listSealedRules } from "../update/list-sealed-rules.ts";
import type { OperationContext } from "./context.ts";

/** What instar.yaml says now: it may have been changed since this Instar was started with it. */
export function implementSettings({ instance }: OperationContext): Pick<Implementations, "settings.show"> {
  const { settingsFolder, settingsDigest, settings } = instance.rooms;
  return {
    "settings.show": async () => {
      const path = join(settingsFolder, SETTINGS_FILE);
      const bytes = await readSmallFile(path);
      if (bytes === undefined)
        throw new InstarError("SETTINGS_MISSING", `${path} is not there any more`, { advice: "Instar runs on with what it was started with." });
      const digest = createHash("sha256").update(bytes).digest("hex");
      const { problem, written } = look(decodeText(bytes, path), path);
      const sealed = await listSealedRules(instance.rooms);
      const target = planTarget(SETTINGS_FILE, { settingsFolder, listed: settings.backup.config, dataFolder: instance.folder, sealed });
      return {
        path,
        digest: `sha256:${digest}`,
        isInForce: digest === settingsDigest,
        problem,
        edit:
          target.kind === "target"
            ? { isPossible: true, because: `backup.config lists ${SETTINGS_FILE}` }
            : {
                isPossible: false,
                because:
                  sealed.length > 0
                    ? target.because
                    : `${SETTINGS_FILE} is changed from here only where backup.config lists it by name: backup: { config: [${SETTINGS_FILE}] }`,
              },
        files: [...settings.backup.config],
        sections: listSettings(written).map(({ settings: listed, ...section }) => ({ ...section, settings: listed.map(mask) })),
      };
    },
  };
}

function look(text: string, path: string): { readonly problem: string | null; readonly written: unknown } {
  try {
    parseSettings(text, path);
  } catch (error) {
    if (!InstarError.is(error, "SETTINGS_INVALID")) throw error;
    return { problem: error.message, written: {} };
  }
  return { problem: null, written: parse(text) };
}

function mask({ keys, ...setting }: ListedSetting): SettingsView["sections"][number]["settings"][number] {
  // A map or a list below such a name is looked through key by key.
  const isSecret = keys.some(isSecretName) && typeof setting.value === "string";
  return { ...setting, value: isSecret ? MASK : maskValue(setting.value), isSecret };
}
