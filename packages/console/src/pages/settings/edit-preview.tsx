import type { EditLookView } from "@instar/protocol";
import { Difference } from "../../parts/difference.tsx";
import { Text } from "../../parts/text.tsx";

/** What a plan of edits would change, in lines. */
export function EditPreview({ look }: { readonly look: EditLookView }) {
  return (
    <div className="stack">
      <p>
        <Text text={look.because} />
        {look.restart && " The agent is started again."}
      </p>
      {look.changes.map(({ path, difference }) => (
        <Difference key={path} label={`What changes in ${path}`} lines={difference} />
      ))}
    </div>
  );
}
