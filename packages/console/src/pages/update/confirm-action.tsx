import type { UpdateView } from "@instar/protocol";
import { ActionDialog } from "../../parts/action-dialog.tsx";
import { renderDuration } from "../../parts/render-time.ts";
import { Text } from "../../parts/text.tsx";

export function ConfirmAction({ update }: { readonly update: UpdateView }) {
  return (
    <ActionDialog
      operation="update.confirm"
      label="Confirm…"
      title={`Keep ${update.versionTo}`}
      confirm="Keep it"
      tone="primary"
      says={<p>The version stays although it asked for a person or raised an alarm. The rest of its watch is still to be passed.</p>}
      preview={{
        operation: "status",
        input: () => ({}),
        render: ({ observation }) =>
          observation === null ? (
            <p>Nothing is watched just now.</p>
          ) : (
            <>
              <p>
                <Text text={observation.because} />
              </p>
              <ul>
                {observation.alarms.map((alarm) => (
                  <li key={alarm}>
                    <Text text={alarm} />
                  </li>
                ))}
              </ul>
              {observation.confirm !== null && !observation.confirm.isConfirmed && (
                <p>Unconfirmed, the old version comes back by itself in {renderDuration(observation.confirm.leftMs)}.</p>
              )}
            </>
          ),
        refuses: ({ observation }) => {
          if (observation?.update !== update.id) return "this version is not watched any more";
          const isAsked = observation.waitsFor === "operator" || (observation.confirm !== null && !observation.confirm.isConfirmed);
          return isAsked ? null : "it did not ask to be confirmed, and no alarm waits for a person";
        },
      }}
      input={() => ({ update: update.id })}
      done={({ version }) => `${version} is kept.`}
    />
  );
}
