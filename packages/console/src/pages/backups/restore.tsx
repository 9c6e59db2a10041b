import { type BackupView, COMPONENTS, type RestorePlanView } from "@instar/protocol";
import { ActionDialog, type ActionValues } from "../../parts/action-dialog.tsx";
import { renderSize } from "../../parts/render-size.ts";
import { renderDuration } from "../../parts/render-time.ts";
import { Text } from "../../parts/text.tsx";

/** A backup in the place of what serves, or aside. What would be lost is said before. */
export function Restore({ backup, onBegun }: { readonly backup: BackupView; readonly onBegun: (job: string) => void }) {
  const has = COMPONENTS.filter((component) => backup.components.some((each) => each.component === component));
  const inputOf = (values: ActionValues) => {
    const chosen = has.filter((component) => values[component] === "true");
    const to = values.to?.trim() ?? "";
    return {
      backup: backup.id,
      ...(chosen.length === 0 ? {} : { component: chosen }),
      ...(to === "" ? {} : { to }),
      overwriteConfig: values.overwrite === "true",
    };
  };
  return (
    <ActionDialog
      operation="backup.restore"
      label="Restore…"
      title={`Restore the backup of ${backup.takenAt.slice(0, 16).replace("T", " ")}`}
      confirm="Restore it"
      isDangerous
      blockedBecause={backup.state === "whole" ? null : "It is not whole, so it is never restored."}
      says={
        <p>
          What serves is replaced by an update of its own: requests wait, what is there today is kept aside, and it comes back by itself where the agent does
          not get ready.
        </p>
      }
      fields={[
        ...has.map((component) => ({ name: component, label: `Only: ${component}`, kind: "check" as const })),
        {
          name: "to",
          label: "Into a folder aside instead",
          kind: "line",
          help: "One that is empty or not there, on the machine of Instar. What serves is not touched then.",
        },
        { name: "overwrite", label: "Replace configuration that somebody changed since; it is kept aside", kind: "check" },
      ]}
      preview={{
        operation: "backup.restore",
        input: (values) => ({ ...inputOf(values), dryRun: true }),
        render: ({ plan }) => (plan === null ? null : <RestorePreview plan={plan} />),
        refuses: ({ problem, plan }) => problem?.detail ?? (plan !== null && plan.needsBytes > plan.freeBytes ? "the disk has not enough room" : null),
      }}
      input={inputOf}
      done={({ id }) => {
        onBegun(id);
        return "Restoring has begun.";
      }}
    />
  );
}

function RestorePreview({ plan }: { readonly plan: RestorePlanView }) {
  return (
    <div className="stack">
      <ul>
        {plan.components.map(({ component, would, files, sizeBytes }) => (
          <li key={component}>
            {component}: <Text text={would} /> ({files} files, {renderSize(sizeBytes)})
          </li>
        ))}
      </ul>
      <List title="What would no longer be in service" items={plan.lost} none="Nothing was written since." />
      <List title="Configuration that somebody changed since" items={plan.conflicts} />
      <List title="Kept aside" items={plan.keptAside} />
      <p className="quiet">
        About {renderDuration(plan.takesMs)}; it needs {renderSize(plan.needsBytes)} of {renderSize(plan.freeBytes)} that are free.
      </p>
    </div>
  );
}

function List({ title, items, none }: { readonly title: string; readonly items: readonly string[]; readonly none?: string }) {
  if (items.length === 0 && none === undefined) return null;
  return (
    <div>
      <h4>{title}</h4>
      {items.length === 0 ? (
        <p>{none}</p>
      ) : (
        <ul>
          {items.map((item) => (
            <li key={item}>
              <Text text={item} />
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
