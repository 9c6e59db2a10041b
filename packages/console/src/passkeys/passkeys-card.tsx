import type { OutputOf, PasskeyView } from "@instar/protocol";
import { type FormEvent, useId, useState } from "react";
import { useMay } from "../data/use-may.ts";
import { useOperation } from "../data/use-operation.ts";
import { ActionDialog } from "../parts/action-dialog.tsx";
import { announce } from "../parts/announcer.tsx";
import { Button } from "../parts/button.tsx";
import { Card } from "../parts/card.tsx";
import { Code } from "../parts/code.tsx";
import { DataTable } from "../parts/data-table.tsx";
import { EmptyState } from "../parts/empty-state.tsx";
import { Facts } from "../parts/facts.tsx";
import { Problem } from "../parts/problem.tsx";
import { Text } from "../parts/text.tsx";
import { When } from "../parts/when.tsx";
import { makePasskey } from "./make-passkey.ts";

/** Whose passkeys may sign approvals; making one on this device; ending one. */
export function PasskeysCard() {
  const { data, error } = useOperation("passkey.list", {});
  return (
    <Card title="Passkeys">
      {error !== null && <Problem error={error} />}
      {data !== undefined && (
        <>
          <p>
            {data.wantedBy.length === 0
              ? "Nothing asks for a passkey: a token is enough to approve."
              : `A passkey is wanted where one of these decides: ${data.wantedBy.join(", ")}.`}
          </p>
          {data.problems.map(({ line, message }) => (
            <p key={line} className="problem-line">
              {data.file}
              {line === 0 ? "" : `, line ${line}`}: {message}
            </p>
          ))}
          <DataTable
            label="All passkeys"
            columns={COLUMNS}
            rows={data.passkeys}
            keyOf={({ person, id }) => `${person} ${id}`}
            empty={<NoPasskeys file={data.file} />}
          />
          <MakePasskey />
        </>
      )}
    </Card>
  );
}

const NoPasskeys = ({ file }: { readonly file: string }) => (
  <EmptyState title="No passkey is pinned">
    Make one on each device that you approve from, and have its line put into <Code text={file} />.
  </EmptyState>
);

const COLUMNS = [
  { id: "person", title: "Person", cell: ({ person }: PasskeyView) => <Text text={person} /> },
  { id: "label", title: "Device", cell: ({ label }: PasskeyView) => <Text text={label} /> },
  { id: "fingerprint", title: "Fingerprint", cell: ({ fingerprint }: PasskeyView) => <Code text={fingerprint} /> },
  { id: "host", title: "For", cell: ({ host }: PasskeyView) => <Text text={host} />, isSecondary: true },
  { id: "state", title: "Counts", cell: ({ state, because }: PasskeyView) => (state === "living" ? "yes" : `no: ${because}`) },
  {
    id: "used",
    title: "Last used",
    cell: ({ lastUsedAt }: PasskeyView) => (lastUsedAt === null ? "never" : <When at={lastUsedAt} />),
    isSecondary: true,
  },
  { id: "end", title: "End it", cell: (passkey: PasskeyView) => (passkey.state === "living" ? <RevokePasskey passkey={passkey} /> : null) },
] as const;

function RevokePasskey({ passkey: { id, person, label, fingerprint } }: { readonly passkey: PasskeyView }) {
  return (
    <ActionDialog
      operation="passkey.revoke"
      label="Revoke"
      title={`End the passkey ${label} of ${person}`}
      confirm="Revoke it"
      tone="danger"
      says={
        <p>
          The passkey <Code text={fingerprint} /> counts from now on for nothing, whatever the file says. Approvals that it signed and that still wait for
          others become void. It cannot be taken back; the person makes another one.
        </p>
      }
      input={() => ({ passkey: id })}
      done={() => `The passkey ${label} of ${person} has ended.`}
    />
  );
}

type Made = OutputOf<"passkey.add">;

function MakePasskey() {
  const may = useMay("passkey.begin");
  const [label, setLabel] = useState("");
  const [made, setMade] = useState<Made | null>(null);
  const [problem, setProblem] = useState<Error | null>(null);
  const [isBusy, setBusy] = useState(false);
  const id = useId();
  if (!may.isAllowed) return <p className="quiet">You cannot make one: {may.because}</p>;
  const make = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setProblem(null);
    try {
      setMade(await makePasskey(label.trim()));
      announce("The passkey was made. It counts once its line is pinned.");
    } catch (error) {
      setProblem(error as Error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <form onSubmit={(event) => void make(event)}>
      <div className="field">
        <label htmlFor={id}>
          <span className="field-label">Name of this device</span>
          <input id={id} type="text" autoComplete="off" maxLength={64} required value={label} onChange={(event) => setLabel(event.target.value)} />
        </label>
      </div>
      <Button type="submit" isDisabled={isBusy || label.trim() === ""}>
        {isBusy ? "Your device asks you…" : "Make a passkey on this device"}
      </Button>
      {problem !== null && <Problem error={problem} />}
      {made !== null && <Offered made={made} />}
    </form>
  );
}

function Offered({ made: { line, fingerprint, file, advice } }: { readonly made: Made }) {
  return (
    <div role="status">
      <h3>One thing is left: it does not count yet</h3>
      <p>{advice}</p>
      <Facts
        facts={[
          ["Fingerprint", <Code key="fingerprint" text={fingerprint} />],
          ["File", <Code key="file" text={file} />],
        ]}
      />
      <Code text={line} label="The line for that file" />
      <p className="quiet">
        On the machine: <Code text="instar audit list --event PASSKEY_OFFERED" /> shows the line too, so it need not be typed.
      </p>
    </div>
  );
}
