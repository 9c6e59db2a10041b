import { type ReactNode, useId } from "react";

interface CardProps {
  readonly children: ReactNode;
  readonly title?: string;
  /** Beside the title: a verdict, a link, a button. */
  readonly aside?: ReactNode;
  readonly className?: string;
}

/** One subject on a page. With a title it is a region that can be jumped to. */
export function Card({ children, title, aside, className = "" }: CardProps) {
  const id = useId();
  if (title === undefined) return <div className={`card ${className}`}>{children}</div>;
  return (
    <section className={`card ${className}`} aria-labelledby={id}>
      <div className="card-head">
        <h2 id={id}>{title}</h2>
        {aside !== undefined && <div className="card-aside">{aside}</div>}
      </div>
      {children}
    </section>
  );
}
