import "./backups/backups.css";
import { BACKUP_KINDS, type BackupView, COMPONENTS } from "@instar/protocol";
import { useState } from "react";
import { useOperation } from "../data/use-operation.ts";
import { ActionDialog } from "../parts/action-dialog.tsx";
import { Card } from "../parts/card.tsx";
import { Code } from "../parts/code.tsx";
import { DataTable } from "../parts/data-table.tsx";
import { EmptyState } from "../parts/empty-state.tsx";
import { PageHead } from "../parts/page-head.tsx";
import { Problem } from "../parts/problem.tsx";
import { renderSize } from "../parts/render-size.ts";
import { Text } from "../parts/text.tsx";
import { When } from "../parts/when.tsx";
import { JobCard } from "./backups/job-card.tsx";
import { Restore } from "./backups/restore.tsx";

const STATES = { whole: ["good", "✓ whole"], unfinished: ["none", "… unfinished"], damaged: ["bad", "✕ damaged"] } as const;
const KINDS: Readonly<Record<(typeof BACKUP_KINDS)[number], string>> = {
  incremental: "incremental: what looks unchanged is not read again",
  full: "full: every byte is read again",
  "state-only": "state only: data and databases",
};

export function BackupsPage() {
  const { data, error, isPending } = useOperation("backup.list", {});
  const [job, setJob] = useState<string | null>(null);
  return (
    <>
      <PageHead
        title="Backups"
        actions={
          <>
            <Create onBegun={setJob} />
            <VerifyAll onBegun={setJob} />
            <Prune onBegun={setJob} />
          </>
        }
      >
        What was kept of code, configuration, data and databases: by hand, and before each update.
      </PageHead>
      {job !== null && <JobCard key={job} id={job} onClose={() => setJob(null)} />}
      {error !== null && <Problem error={error} />}
      {isPending && <p className="quiet">Reading the backups…</p>}
      {data !== undefined && (
        <Card title={`${data.backups.length} ${data.backups.length === 1 ? "backup" : "backups"}`}>
          <DataTable
            label="Backups, the newest first"
            rows={data.backups}
            keyOf={({ id }) => id}
            columns={[
              { id: "taken", title: "Taken", cell: ({ takenAt }) => <When at={takenAt} /> },
              { id: "state", title: "State", cell: ({ state }) => <span className={`badge badge-${STATES[state][0]}`}>{STATES[state][1]}</span> },
              { id: "why", title: "Why", cell: (backup) => <Why backup={backup} /> },
              { id: "of", title: "Of", isSecondary: true, cell: ({ components }) => components.map(({ component }) => component).join(", ") || "–" },
              { id: "version", title: "Version", isSecondary: true, cell: ({ version }) => <Text text={version ?? "–"} /> },
              { id: "size", title: "Size", align: "end", isSecondary: true, cell: ({ sizeBytes, files }) => `${renderSize(sizeBytes)} in ${files}` },
              {
                id: "do",
                title: "Do",
                cell: (backup) => (
                  <div className="backup-actions">
                    <Verify backup={backup} onBegun={setJob} />
                    <Restore backup={backup} onBegun={setJob} />
                    <Remove backup={backup} onBegun={setJob} />
                  </div>
                ),
              },
            ]}
            empty={<EmptyState title="No backup yet">Make one now, or wait for the next update: one is taken before each exchange.</EmptyState>}
          />
        </Card>
      )}
    </>
  );
}

function Why({ backup: { id, because, tags, update } }: { readonly backup: BackupView }) {
  return (
    <span className="backup-why">
      <Text text={because} />
      {tags.length > 0 && <span className="quiet"> tagged {tags.join(", ")}</span>}
      <span className="quiet">
        {" "}
        <Code text={id} />
        {update !== null && " of an update"}
      </span>
    </span>
  );
}

interface Begins {
  readonly onBegun: (job: string) => void;
}

function Create({ onBegun }: Begins) {
  return (
    <ActionDialog
      operation="backup.create"
      label="Back up now…"
      title="Back up now"
      confirm="Back up"
      tone="primary"
      says={<p>Code, configuration, data and databases are copied while the agent goes on. What is the same as before is kept once.</p>}
      fields={[
        { name: "kind", label: "How", kind: "choice", initial: "incremental", choices: BACKUP_KINDS.map((kind) => ({ value: kind, label: KINDS[kind] })) },
        ...COMPONENTS.map((component) => ({ name: component, label: `Only: ${component}`, kind: "check" as const })),
        { name: "tag", label: "Tag", kind: "line", help: "A tagged backup stays until it is removed by hand." },
        { name: "because", label: "Why", kind: "line", help: "For those who read the list later" },
      ]}
      input={(values) => {
        const component = COMPONENTS.filter((each) => values[each] === "true");
        const tag = values.tag?.trim() ?? "";
        const because = values.because?.trim() ?? "";
        return {
          kind: BACKUP_KINDS.find((kind) => kind === values.kind) ?? "incremental",
          ...(component.length === 0 ? {} : { component }),
          ...(tag === "" ? {} : { tag }),
          ...(because === "" ? {} : { because }),
        };
      }}
      done={({ id }) => {
        onBegun(id);
        return "The backup has begun.";
      }}
    />
  );
}

function Verify({ backup, onBegun }: Begins & { readonly backup: BackupView }) {
  return (
    <ActionDialog
      operation="backup.verify"
      label="Verify…"
      title="Verify this backup"
      confirm="Verify it"
      blockedBecause={backup.state === "unfinished" ? "It was never finished." : null}
      says={<p>It is restored aside, and every byte is compared with what was written. What serves is not touched.</p>}
      input={() => ({ backup: backup.id })}
      done={({ id }) => {
        onBegun(id);
        return "Verifying has begun.";
      }}
    />
  );
}

function VerifyAll({ onBegun }: Begins) {
  return (
    <ActionDialog
      operation="backup.verify"
      label="Verify all…"
      title="Verify every backup"
      confirm="Verify all"
      says={<p>Each is restored aside, and every byte is compared with what was written: that reads all of them, and takes its time.</p>}
      input={() => ({ all: true })}
      done={({ id }) => {
        onBegun(id);
        return "Verifying has begun.";
      }}
    />
  );
}

function Prune({ onBegun }: Begins) {
  const inputOf = (keep: string | undefined) => (keep?.trim() ? { keep: Number(keep) } : {});
  return (
    <ActionDialog
      operation="backup.prune"
      label="Prune…"
      title="Remove old backups"
      confirm="Remove them"
      isDangerous
      says={<p>What is beyond what instar.yaml keeps goes for good. What may be needed to go back stays, and so does what is tagged.</p>}
      fields={[{ name: "keep", label: "How many stay", kind: "line", help: "keep.snapshots of instar.yaml where it is left out" }]}
      preview={{
        operation: "backup.prune",
        input: ({ keep }) => ({ ...inputOf(keep), dryRun: true }),
        render: ({ pruned, freedBytes }) => <Pruned pruned={pruned} freedBytes={freedBytes} />,
        refuses: ({ pruned, problem }) => problem?.detail ?? (pruned.length === 0 ? "there is nothing to remove" : null),
      }}
      input={({ keep }) => inputOf(keep)}
      done={({ id }) => {
        onBegun(id);
        return "Removing has begun.";
      }}
    />
  );
}

function Remove({ backup, onBegun }: Begins & { readonly backup: BackupView }) {
  return (
    <ActionDialog
      operation="backup.prune"
      label="Remove…"
      title="Remove this backup"
      confirm="Remove it"
      isDangerous
      says={<p>It goes for good, also where it is tagged; not where it may be needed to go back.</p>}
      preview={{
        operation: "backup.prune",
        input: () => ({ id: backup.id, dryRun: true }),
        render: ({ pruned, freedBytes }) => <Pruned pruned={pruned} freedBytes={freedBytes} />,
        refuses: ({ problem }) => problem?.detail ?? null,
      }}
      input={() => ({ id: backup.id })}
      done={({ id }) => {
        onBegun(id);
        return "Removing has begun.";
      }}
    />
  );
}

function Pruned({ pruned, freedBytes }: { readonly pruned: readonly { backup: string; because: string }[]; readonly freedBytes: number | null }) {
  return (
    <>
      <ul>
        {pruned.slice(0, 20).map(({ backup, because }) => (
          <li key={backup}>
            <Code text={backup} />: <Text text={because} />
          </li>
        ))}
        {pruned.length > 20 && <li>and {pruned.length - 20} more</li>}
      </ul>
      {freedBytes !== null && <p>At most {renderSize(freedBytes)} come back.</p>}
    </>
  );
}
