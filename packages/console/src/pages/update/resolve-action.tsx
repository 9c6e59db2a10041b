import type { UpdateView } from "@instar/protocol";
import { ActionDialog } from "../../parts/action-dialog.tsx";
import { Text } from "../../parts/text.tsx";

const CHOICES = [
  { value: "retry", label: "Try going back again" },
  { value: "accept", label: "Accept what runs now" },
  { value: "abandon", label: "Abandon it as it is" },
] as const;

type How = (typeof CHOICES)[number]["value"];
const howOf = (value: string | undefined): How => CHOICES.find((choice) => choice.value === value)?.value ?? "retry";

const SAYS: Readonly<Record<How, string>> = {
  retry: "Instar tries the way back again from where it stopped. Acknowledged writes are kept unless you say below that they may go.",
  accept: "What runs now is what should run; nothing more is put back. The next way back leads here.",
  abandon: "Instar leaves everything as it is and ends the update. What serves, and whether, is yours to see to.",
};

/** An update that is stuck waits for a person and moves nothing by itself. */
export function ResolveAction({ update }: { readonly update: UpdateView }) {
  return (
    <ActionDialog
      operation="update.resolve"
      label="Resolve…"
      title="Answer the stuck update"
      confirm="Do that"
      tone="danger"
      says={
        <>
          <p>
            It is stuck: <Text text={update.because} />
          </p>
          <dl className="choices">
            {CHOICES.map(({ value, label }) => (
              <div key={value}>
                <dt>{label}</dt>
                <dd>{SAYS[value]}</dd>
              </div>
            ))}
          </dl>
        </>
      }
      preview={{
        operation: "update.show",
        input: () => ({ update: update.id }),
        render: () => null,
        refuses: (now) => (now.state === "error" ? null : "it is not stuck any more"),
      }}
      fields={[
        { name: "how", label: "What to do", kind: "choice", isRequired: true, choices: CHOICES, initial: "retry" },
        {
          name: "loseWrites",
          label: "State may go back although acknowledged writes came since",
          kind: "check",
          help: "Only with trying again. They are kept aside, and no longer in the state.",
        },
      ]}
      input={({ how, loseWrites }) => ({ update: update.id, how: howOf(how), loseWrites: loseWrites === "true" })}
      done={() => "The stuck update was answered."}
    />
  );
}
