import type { VersionMarksView } from "@instar/protocol";
import { ActionDialog } from "../../parts/action-dialog.tsx";
import { Card } from "../../parts/card.tsx";
import { Text } from "../../parts/text.tsx";
import { When } from "../../parts/when.tsx";

const why = { name: "because", label: "Why", kind: "line", help: "It is shown wherever this keeps something waiting." } as const;

interface Said {
  readonly by: string;
  readonly at: string;
  readonly because: string;
}

/** What people want of versions, whatever sources offer: one is kept to, all wait, some are never taken. */
export function Marks({ marks }: { readonly marks: VersionMarksView }) {
  const { pinned, held, skipped, begunInADay, perDay } = marks;
  return (
    <Card title="Marks">
      <div className="stack">
        <div>
          <h3>Pinned</h3>
          {pinned === null ? (
            <p className="quiet">No version is pinned: others may begin.</p>
          ) : (
            <p>
              <strong>
                <Text text={pinned.version} />
              </strong>{" "}
              stays: nothing else begins, by itself or by hand. <By said={pinned} />
            </p>
          )}
          {pinned === null ? (
            <ActionDialog
              operation="update.pin"
              label="Pin a version…"
              title="Stay at a version"
              confirm="Pin it"
              says={<p>Nothing else begins, by itself or by hand, until it is unpinned. Going back is never kept from.</p>}
              fields={[{ name: "version", label: "Version", kind: "line", help: "What serves, where it is left out" }, why]}
              input={({ version = "", because = "" }) => ({ ...(version.trim() === "" ? {} : { version: version.trim() }), because })}
              done={({ pinned: now }) => `${now?.version ?? "It"} is pinned.`}
            />
          ) : (
            <ActionDialog
              operation="update.unpin"
              label="Unpin…"
              title={`Unpin ${pinned.version}`}
              confirm="Unpin it"
              says={<p>Other versions may begin again, by the rules of instar.yaml.</p>}
              input={() => ({})}
              done={() => "No version is pinned any more."}
            />
          )}
        </div>
        <div>
          <h3>Held</h3>
          {held === null ? (
            <p className="quiet">
              Updates may begin by themselves: {begunInADay}
              {perDay === null ? "" : ` of ${perDay}`} began in the last 24 hours.
            </p>
          ) : (
            <p>
              Nothing begins by itself {held.until === null ? "until somebody lets it" : "until "}
              {held.until !== null && <When at={held.until} />}. <By said={held} />
            </p>
          )}
          {held === null ? (
            <ActionDialog
              operation="update.hold"
              label="Hold updates…"
              title="Let nothing begin by itself"
              confirm="Hold them"
              says={<p>What sources offer waits. What a person starts begins all the same, and what is under way goes on.</p>}
              fields={[{ name: "until", label: "Until", kind: "line", help: "2d, or 2026-12-24T08:00:00Z; until it is taken back where it is left out" }, why]}
              input={({ until = "", because = "" }) => ({ ...(until.trim() === "" ? {} : { until: until.trim() }), because })}
              done={() => "Updates are held."}
            />
          ) : (
            <ActionDialog
              operation="update.unhold"
              label="Let them begin…"
              title="Let updates begin by themselves again"
              confirm="Let them begin"
              says={<p>What waits may begin at once, by the rules of instar.yaml.</p>}
              input={() => ({})}
              done={() => "Updates begin by themselves again."}
            />
          )}
        </div>
        <div>
          <h3>Skipped</h3>
          {skipped.length === 0 && <p className="quiet">No version is skipped.</p>}
          <ul className="plain-list">
            {skipped.map((skip) => (
              <li key={skip.version}>
                <p>
                  <strong>
                    <Text text={skip.version} />
                  </strong>{" "}
                  is never taken. <By said={skip} />
                </p>
                <ActionDialog
                  operation="update.unskip"
                  label={`Take ${skip.version} again…`}
                  title={`Let ${skip.version} be taken again`}
                  confirm="Let it be taken"
                  says={<p>It may begin at the next look, where a source still has it.</p>}
                  input={() => ({ version: skip.version })}
                  done={() => `${skip.version} may be taken again.`}
                />
              </li>
            ))}
          </ul>
          <ActionDialog
            operation="update.skip"
            label="Skip a version…"
            title="Never take a version"
            confirm="Skip it"
            says={<p>It does not begin, whichever source offers it, until that is taken back.</p>}
            fields={[{ name: "version", label: "Version", kind: "line", isRequired: true, help: "1.2.3, or at least seven letters of a commit" }, why]}
            input={({ version = "", because = "" }) => ({ version: version.trim(), because })}
            done={() => "It is skipped."}
          />
        </div>
      </div>
    </Card>
  );
}

function By({ said }: { readonly said: Said }) {
  return (
    <span className="quiet">
      <Text text={said.by} />, <When at={said.at} />
      {said.because !== "" && (
        <>
          : <Text text={said.because} />
        </>
      )}
    </span>
  );
}
