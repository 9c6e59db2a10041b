import "uplot/dist/uPlot.min.css";
import "./line-chart.css";
import { type ReactNode, useEffect, useId, useMemo, useRef, useState } from "react";
import { useTheme } from "../app/theme.ts";
import { alignSeries } from "./align-series.ts";
import type { ChartBand, ChartLimit, ChartLine, ChartMark, DrawnChart } from "./draw-chart.ts";
import { renderAbsolute } from "./render-time.ts";

interface LineChartProps {
  readonly title: string;
  readonly lines: readonly ChartLine[];
  /** A value with its unit, as text. */
  readonly render: (value: number) => string;
  readonly limits?: readonly ChartLimit[];
  readonly bands?: readonly ChartBand[];
  readonly marks?: readonly ChartMark[];
  /** What it shows, in a sentence. */
  readonly children?: ReactNode;
}

/** Lines over time, with what they are held to. Everything that it shows can be had by keyboard, by ear and as a table. */
export function LineChart({ title, lines, render, limits = [], bands = [], marks = [], children }: LineChartProps) {
  const id = useId();
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<DrawnChart | null>(null);
  const [cursor, setCursor] = useState<number | null>(null);
  const [isUndrawable, setUndrawable] = useState(false);
  const scheme = useScheme();
  const { times, values } = useMemo(() => alignSeries(lines), [lines]);
  const last = times.length - 1;
  const at = cursor === null ? last : Math.min(cursor, last);
  const drawn = useRef({ render, setCursor });
  drawn.current = { render, setCursor };
  // Drawn anew where the lines' kinds change or the colours do; new points only move what is drawn.
  const shape = JSON.stringify([lines.map(({ label, tone, isEdge }) => [label, tone, isEdge]), bands, limits, scheme]);
  const latest = useRef({ times, values, marks });
  latest.current = { times, values, marks };
  // biome-ignore lint/correctness/useExhaustiveDependencies: `shape` stands for what of lines, bands and limits is drawn once.
  useEffect(() => {
    let isOver = false;
    let end: (() => void) | undefined;
    const draw = async () => {
      const { drawChart } = await import("./draw-chart.ts");
      if (isOver || place.current === null) return;
      chart.current = drawChart(
        place.current,
        { lines, limits, bands, ...latest.current },
        (value) => drawn.current.render(value),
        (index) => drawn.current.setCursor(index),
      );
      end = chart.current.end;
    };
    // Its library asks for numbers in the browser's language, and throws where that is none.
    draw().catch(() => setUndrawable(true));
    return () => {
      isOver = true;
      chart.current = null;
      end?.();
    };
  }, [shape]);
  useEffect(() => chart.current?.update({ times, values, marks }), [times, values, marks]);

  if (times.length === 0)
    return (
      <figure className="chart">
        <figcaption>{title}</figcaption>
        <p className="quiet">Nothing was measured in this time.</p>
      </figure>
    );
  const named = lines.flatMap((line, index) => (line.isEdge ? [] : [{ line, index }]));
  const sayAt = (index: number) =>
    named.map(({ line, index: of }) => ({ label: line.label, tone: line.tone, text: sayValue(values[of]?.[index], render) })).filter(({ text }) => text !== "");
  const here = sayAt(at);
  return (
    <figure className="chart" aria-labelledby={id}>
      <figcaption id={id}>{title}</figcaption>
      {children !== undefined && <p className="chart-says">{children}</p>}
      {isUndrawable ? (
        <p className="quiet">It cannot be drawn in this browser; the numbers are below.</p>
      ) : (
        <div ref={place} className="chart-place" aria-hidden="true" />
      )}
      <label className="chart-cursor">
        <span className="visually-hidden">Moment in the chart of {title}</span>
        <input
          type="range"
          min={0}
          max={last}
          value={at}
          aria-valuetext={`${renderAbsolute(times[at] ?? 0)}: ${here.map(({ label, text }) => `${label} ${text}`).join(", ")}`}
          onChange={(event) => {
            setCursor(Number(event.target.value));
            chart.current?.point(Number(event.target.value));
          }}
        />
      </label>
      <p className="chart-reading">
        <span className="quiet">{renderAbsolute(times[at] ?? 0)}</span>
        {here.map(({ label, tone, text }) => (
          <span key={label} className={`chart-key chart-key-${tone}`}>
            {label} <strong>{text}</strong>
          </span>
        ))}
        {limits.map(({ label, value }) => (
          <span key={label} className="chart-key chart-key-limit">
            {label} <strong>{render(value)}</strong>
          </span>
        ))}
      </p>
      <details>
        <summary>
          As a table<span className="visually-hidden">: {title}</span>
        </summary>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard. */}
        <section className="chart-table" aria-label={`${title}, as a table`} tabIndex={0}>
          <table className="data-table">
            <thead>
              <tr>
                <th scope="col">When</th>
                {named.map(({ line }) => (
                  <th key={line.label} scope="col" className="align-end">
                    {line.label}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {times.map((time, index) => (
                <tr key={time}>
                  <td>{renderAbsolute(time)}</td>
                  {named.map(({ line, index: of }) => (
                    <td key={line.label} className="align-end">
                      {sayValue(values[of]?.[index], render)}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      </details>
    </figure>
  );
}

const sayValue = (value: number | null | undefined, render: (value: number) => string): string =>
  value === undefined ? "" : value === null ? "not measured" : render(value);

/** Which colours hold now: the reader's choice, and the system's where it is left to that. */
function useScheme(): string {
  const theme = useTheme();
  const [isDark, setDark] = useState(() => window.matchMedia(DARK).matches);
  useEffect(() => {
    const query = window.matchMedia(DARK);
    const follow = () => setDark(query.matches);
    query.addEventListener("change", follow);
    return () => query.removeEventListener("change", follow);
  }, []);
  return theme === "auto" ? (isDark ? "dark" : "light") : theme;
}

const DARK = "(prefers-color-scheme: dark)";
