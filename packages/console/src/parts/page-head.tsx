import { type ReactNode, useEffect } from "react";

interface PageHeadProps {
  readonly title: string;
  /** One line below it. */
  readonly children?: ReactNode;
  readonly actions?: ReactNode;
}

/** The page's one heading of the first level: it gets the focus when the page is new. */
export function PageHead({ title, children, actions }: PageHeadProps) {
  useEffect(() => {
    document.title = `${title} – Instar`;
  }, [title]);
  return (
    <header className="page-head">
      <div>
        <h1 tabIndex={-1}>{title}</h1>
        {children !== undefined && <div className="page-lead">{children}</div>}
      </div>
      {actions !== undefined && <div className="page-actions">{actions}</div>}
    </header>
  );
}
