import type { FileDiff, UpdateView } from "@instar/protocol";
import { useState } from "react";
import { useOperation } from "../../data/use-operation.ts";
import { Card } from "../../parts/card.tsx";
import { EmptyState } from "../../parts/empty-state.tsx";
import { Problem } from "../../parts/problem.tsx";
import { renderCount, renderMany } from "../../parts/render-number.ts";
import { Text } from "../../parts/text.tsx";
import { keepInBrowser } from "../../platform/storage.ts";
import { DrawnDiff } from "./drawn-diff.tsx";

const kept = keepInBrowser("diff");
/** A longer change is shown when it is asked for: what is below must be found too. */
const OPEN_LINES = 300;

type Way = "split" | "unified";

/** What the update changes, line by line. */
export function DiffTab({ update }: { readonly update: UpdateView }) {
  const { data, error } = useOperation("update.diff", { update: update.id });
  const [way, setWay] = useState<Way>(() => (kept.read() === "unified" || window.innerWidth < 900 ? "unified" : "split"));
  const choose = (next: Way) => {
    kept.write(next);
    setWay(next);
  };
  if (data === undefined) return error === null ? <p className="quiet">Comparing…</p> : <Problem error={error} />;
  return (
    <>
      <div className="diff-head">
        <p>
          <strong>{renderMany(data.total, "file")}</strong>, <span className="added">+{renderCount(data.addedLines)}</span>{" "}
          <span className="deleted">−{renderCount(data.deletedLines)}</span>
          <span className="quiet">
            {" "}
            from <Text text={`${data.from?.version ?? "nothing"} to ${data.to.version}`} />
          </span>
        </p>
        <fieldset className="choice-row">
          <legend className="visually-hidden">How differences are shown</legend>
          <label>
            <input type="radio" name="diff-way" checked={way === "split"} onChange={() => choose("split")} /> Side by side
          </label>
          <label>
            <input type="radio" name="diff-way" checked={way === "unified"} onChange={() => choose("unified")} /> Inline
          </label>
        </fieldset>
      </div>
      {data.files.length === 0 && <EmptyState title="No file differs">Both versions have the same files; only their commits are others.</EmptyState>}
      {data.files.map((file) => (
        <FileCard key={file.path} update={update.id} file={file} way={way} />
      ))}
      {data.total > data.files.length && (
        <Card>
          <p>And {renderMany(data.total - data.files.length, "more file")}, which are too many to be shown here.</p>
        </Card>
      )}
    </>
  );
}

function FileCard({ update, file, way }: { readonly update: string; readonly file: FileDiff; readonly way: Way }) {
  const [isOpen, setOpen] = useState(file.text !== null && file.addedLines + file.deletedLines <= OPEN_LINES);
  return (
    <details className="card diff-file" open={isOpen} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <span className="diff-path">
          <Text text={file.from === null ? file.path : `${file.from} → ${file.path}`} />
        </span>{" "}
        <span className="quiet">{describeChange(file)}</span> <span className="added">+{renderCount(file.addedLines)}</span>{" "}
        <span className="deleted">−{renderCount(file.deletedLines)}</span>
      </summary>
      {isOpen && (file.text === null ? <LeftOut update={update} file={file} way={way} /> : <DrawnDiff path={file.path} text={file.text} way={way} />)}
    </details>
  );
}

function describeChange({ change, modes, isLockfile }: FileDiff): string {
  const parts = [
    change,
    ...(isLockfile ? ["lockfile"] : []),
    ...(modes === null || change === "added" || change === "deleted" ? [] : [`mode ${modes.before} → ${modes.after}`]),
  ];
  return parts.join(", ");
}

/** Its lines were left out of the list; where they can be shown at all, they are brought alone. */
function LeftOut({ update, file, way }: { readonly update: string; readonly file: FileDiff; readonly way: Way }) {
  const [isWanted, setWanted] = useState(false);
  const { data, error } = useOperation("update.diff", { update, path: file.path }, { enabled: isWanted });
  const [only] = data?.files ?? [];
  if (only?.text != null) return <DrawnDiff path={only.path} text={only.text} way={way} />;
  return (
    <div className="diff-left-out">
      <p>
        Left out: <Text text={only?.leftOut ?? file.leftOut ?? ""} />
      </p>
      {error !== null && <Problem error={error} />}
      {!file.isBinary && file.change !== "type-changed" && only === undefined && (
        <button type="button" className="button button-plain" disabled={isWanted && error === null} onClick={() => setWanted(true)}>
          {isWanted && error === null ? "Bringing it…" : "Show its lines"}
        </button>
      )}
    </div>
  );
}
