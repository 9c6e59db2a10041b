import type { SettingsView } from "@instar/protocol";
import { ActionDialog, type ActionField, type ActionValues } from "../../parts/action-dialog.tsx";
import { EditPreview } from "./edit-preview.tsx";
import { parseSettingValue, planSettingEdit, renderSettingValue, type Setting } from "./plan-setting-edit.ts";

/** One value of instar.yaml, changed as an update of the configuration: looked at before, on the ledger, and undone. */
export function ChangeSetting({ setting, view }: { readonly setting: Setting; readonly view: SettingsView }) {
  const { pointer } = setting;
  const inputOf = (values: ActionValues) => ({ plan: planOf(setting, view.digest, values) });
  return (
    <ActionDialog
      operation="edit.apply"
      label="Change…"
      title={`Change ${pointer}`}
      confirm="Change it"
      blockedBecause={view.edit.isPossible ? null : "instar.yaml is not listed in backup.config."}
      says={
        <p>instar.yaml is edited as below, all of it or nothing, and what was there can be put back. It counts from Instar's next start; the agent runs on.</p>
      }
      fields={[...fieldsOf(setting), { name: "because", label: "Why", kind: "line", initial: "" }]}
      preview={{
        operation: "edit.plan",
        input: inputOf,
        render: (look) => <EditPreview look={look} />,
        refuses: ({ verdict, because }) => (verdict === "pass" ? null : because),
      }}
      input={inputOf}
      done={() => `${pointer} is changed in instar.yaml.`}
    />
  );
}

function fieldsOf({ kind, choices, value, isSecret, isWritten, default: usual }: Setting): ActionField[] {
  const initial = isSecret ? "" : renderSettingValue(value);
  const help = usual === null ? "" : `By itself: ${renderSettingValue(usual)}`;
  const field: ActionField =
    kind === "choice"
      ? { name: "value", label: "Value", kind: "choice", initial, choices: choices.map((choice) => ({ value: choice, label: choice })), help }
      : kind === "flag"
        ? { name: "value", label: "On", kind: "check", initial: value === true ? "true" : "", help }
        : { name: "value", label: kind === "json" ? "Value: JSON, or a plain word" : "Value", kind: kind === "json" ? "text" : "line", initial, help };
  return isWritten ? [field, { name: "remove", label: "Take it out of the file: what holds by itself holds again", kind: "check" }] : [field];
}

/** What cannot be a value yet while it is being written is asked as the text that it is: the answer then says what is wrong with it. */
function planOf(setting: Setting, digest: string, { value = "", remove, because = "" }: ActionValues): string {
  const how = { digest, because: because.trim() || `${setting.pointer} was changed in the console` };
  if (remove === "true") return planSettingEdit(setting, undefined, how);
  try {
    return planSettingEdit(setting, parseSettingValue(setting, value), how);
  } catch {
    return planSettingEdit(setting, value, how);
  }
}
