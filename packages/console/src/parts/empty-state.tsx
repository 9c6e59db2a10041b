import type { ReactNode } from "react";

/** Nothing is here; `children` say what to do so that something is. */
export function EmptyState({ title, children }: { readonly title: string; readonly children?: ReactNode }) {
  return (
    <div className="empty">
      <p className="empty-title">{title}</p>
      {children !== undefined && <div className="empty-advice">{children}</div>}
    </div>
  );
}
