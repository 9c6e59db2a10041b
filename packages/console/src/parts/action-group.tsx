import { createContext, type ReactNode, useContext, useEffect, useId, useMemo, useState } from "react";

interface Group {
  readonly id: string;
  /** Says why an action cannot be done; null takes it back. */
  readonly tell: (label: string, reason: string | null) => void;
}

const GroupContext = createContext<Group | null>(null);

/** Actions beside each other: what they cannot do for the same reason is said once, below them. */
export function ActionGroup({ label, children }: { readonly label: string; readonly children: ReactNode }) {
  const id = useId();
  const [reasons, setReasons] = useState<ReadonlyMap<string, string>>(new Map());
  const group = useMemo<Group>(
    () => ({
      id,
      tell: (of, reason) =>
        setReasons((before) => {
          if ((before.get(of) ?? null) === reason) return before;
          const next = new Map(before);
          if (reason === null) next.delete(of);
          else next.set(of, reason);
          return next;
        }),
    }),
    [id],
  );
  const said = [...new Set(reasons.values())];
  return (
    <GroupContext value={group}>
      <fieldset className="actions" aria-label={label}>
        <div className="action-row">{children}</div>
        <div id={id}>
          {said.map((reason) => (
            <p key={reason} className="action-reason">
              {[...reasons].flatMap(([of, because]) => (because === reason ? [of.replace("…", "")] : [])).join(", ")}: {reason}
            </p>
          ))}
        </div>
      </fieldset>
    </GroupContext>
  );
}

/** Where the reason of an action is said, for its button; null outside a group, where the action says it itself. */
export function useGroupReason(label: string, reason: string | null): string | null {
  const group = useContext(GroupContext);
  useEffect(() => {
    group?.tell(label, reason);
    return () => group?.tell(label, null);
  }, [group, label, reason]);
  return group?.id ?? null;
}
