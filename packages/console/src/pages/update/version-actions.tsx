import { ActionDialog } from "../../parts/action-dialog.tsx";
import { Text } from "../../parts/text.tsx";

const because = { name: "because", label: "Why", kind: "text", help: "It is shown wherever it keeps something waiting." } as const;

export function HoldAction() {
  return (
    <ActionDialog
      operation="update.hold"
      label="Hold…"
      title="Let nothing begin by itself"
      confirm="Hold"
      says={<p>What is under way goes on. Nothing new begins by itself until then; a person can still begin one by hand.</p>}
      preview={{
        operation: "update.marks",
        input: () => ({}),
        render: ({ held }) => (held === null ? <p>Nothing is held now.</p> : <p>It is held already, by {held.by}: this takes its place.</p>),
      }}
      fields={[
        { name: "until", label: "Until", kind: "line", help: "A time such as 2026-12-24T08:00:00Z, or how long: 2d. Left out: until it is taken back." },
        because,
      ]}
      input={({ until = "", because: why = "" }) => ({ because: why, ...(until.trim() === "" ? {} : { until: until.trim() }) })}
      done={() => "Nothing begins by itself any more."}
    />
  );
}

export function SkipAction({ version }: { readonly version: string }) {
  return (
    <ActionDialog
      operation="update.skip"
      label="Skip…"
      title={`Never take ${version}`}
      confirm="Skip it"
      says={
        <p>
          <Text text={version} /> is never taken, whichever source offers it, until somebody takes that back. It does not stop an update that is under way.
        </p>
      }
      fields={[because]}
      input={({ because: why = "" }) => ({ version, because: why })}
      done={() => `${version} is skipped.`}
    />
  );
}

export function PinAction({ version }: { readonly version: string }) {
  return (
    <ActionDialog
      operation="update.pin"
      label="Pin…"
      title={`Stay at ${version}`}
      confirm="Pin it"
      says={<p>Nothing else begins, by itself or by hand, until it is unpinned. Going back is never kept from.</p>}
      preview={{
        operation: "update.marks",
        input: () => ({}),
        render: ({ pinned }) =>
          pinned === null ? <p>No version is pinned now.</p> : <p>Pinned now: {<Text text={pinned.version} />}. This takes its place.</p>,
      }}
      fields={[because]}
      input={({ because: why = "" }) => ({ version, because: why })}
      done={() => `Pinned to ${version}.`}
    />
  );
}
