import { memo, type ReactNode, type UIEvent, useRef, useState } from "react";
import { planWindow } from "./plan-window.ts";

export interface Column<Row> {
  readonly id: string;
  readonly title: string;
  readonly cell: (row: Row) => ReactNode;
  /** Numbers stand right, so that they can be compared. */
  readonly align?: "end";
  /** Left out where the screen is as narrow as a phone's. */
  readonly isSecondary?: boolean;
}

interface DataTableProps<Row> {
  readonly label: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly keyOf: (row: Row) => string;
  /** Shown where there are no rows: an EmptyState. */
  readonly empty?: ReactNode;
  /** Called when the end of what is there comes into view. */
  readonly onNearEnd?: () => void;
  /** How many rows there are in all, where more are to come. */
  readonly total?: number;
}

const VIRTUAL_FROM = 200;
/** What styles/parts.css gives every row of a long table. */
const ROW_HEIGHT = 44;
const NEAR_END_ROWS = 30;

/** A table that is read as one. Long ones draw only what is in sight, and still say how long they are. */
export function DataTable<Row>({ label, columns, rows, keyOf, empty, onNearEnd, total }: DataTableProps<Row>) {
  const [scroll, setScroll] = useState({ top: 0, height: 640 });
  const near = useRef(0);
  if (rows.length === 0 && empty !== undefined) return <>{empty}</>;
  const isVirtual = rows.length > VIRTUAL_FROM;
  const { first, end } = isVirtual ? planWindow(rows.length, ROW_HEIGHT, scroll.top, scroll.height) : { first: 0, end: rows.length };
  const follow = ({ currentTarget: { scrollTop, clientHeight, scrollHeight } }: UIEvent<HTMLElement>) => {
    if (isVirtual) setScroll({ top: scrollTop, height: clientHeight });
    if (onNearEnd === undefined || near.current === rows.length || scrollHeight - scrollTop - clientHeight > NEAR_END_ROWS * ROW_HEIGHT) return;
    near.current = rows.length;
    onNearEnd();
  };
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard.
    <section className={isVirtual || onNearEnd !== undefined ? "table-scroll is-long" : "table-scroll"} aria-label={label} tabIndex={0} onScroll={follow}>
      <table className="data-table" aria-rowcount={(total ?? rows.length) + 1}>
        <thead>
          <tr aria-rowindex={1}>
            {columns.map((column) => (
              <th key={column.id} scope="col" className={classOf(column)}>
                {column.title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {first > 0 && <Spacer rows={first} columns={columns.length} />}
          {rows.slice(first, end).map((row, at) => (
            <DataRow key={keyOf(row)} row={row} columns={columns as readonly Column<unknown>[]} index={first + at + 2} />
          ))}
          {end < rows.length && <Spacer rows={rows.length - end} columns={columns.length} />}
        </tbody>
      </table>
    </section>
  );
}

interface DataRowProps {
  readonly row: unknown;
  readonly columns: readonly Column<unknown>[];
  readonly index: number;
}

/** A row that is what it was is not drawn again: a page whose columns are always the same ones hears of many changes and moves in a few places. */
const DataRow = memo(function DataRow({ row, columns, index }: DataRowProps) {
  return (
    <tr aria-rowindex={index}>
      {columns.map((column) => (
        <td key={column.id} className={classOf(column)}>
          {column.cell(row)}
        </td>
      ))}
    </tr>
  );
});

const classOf = ({ align, isSecondary }: Pick<Column<unknown>, "align" | "isSecondary">): string =>
  `${align === "end" ? "align-end" : ""} ${isSecondary ? "secondary" : ""}`;

function Spacer({ rows, columns }: { readonly rows: number; readonly columns: number }) {
  return (
    // biome-ignore lint/a11y/noAriaHiddenOnFocusable: a row takes no focus; it stands for rows that are not drawn.
    <tr aria-hidden="true" className="spacer">
      <td colSpan={columns} style={{ height: rows * ROW_HEIGHT }} />
    </tr>
  );
}
