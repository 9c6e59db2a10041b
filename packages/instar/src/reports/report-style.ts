/**
 * The page's whole style. Contrasts are at least 4.5 for text and 3 for what a chart shows, in both schemes; the colours of series differ in lightness too, and
 * a table stands beside each chart.
 */
export const REPORT_STYLE = `
:root { color-scheme: light dark; --ground: #ffffff; --ink: #1b1f24; --faint: #57606a; --line: #d0d7de; --band: #f3f5f7; --link: #0550ae;
  --good: #1a7f37; --bad: #b31d28; --warn: #9a6700; --calm: #0969da; --other: #8250df; --dark: #24292f; --plain: #6e7781; }
@media (prefers-color-scheme: dark) { :root { --ground: #10141a; --ink: #e6edf3; --faint: #9aa5b1; --line: #3a424c; --band: #1a2028; --link: #79b8ff;
  --good: #3fb950; --bad: #ff7b72; --warn: #d9a520; --calm: #58a6ff; --other: #bc8cff; --dark: #f0f6fc; --plain: #8b949e; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 78rem; padding: 1.5rem; background: var(--ground); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; }
h1 { font-size: 1.7rem; line-height: 1.2; } h2 { font-size: 1.35rem; margin-top: 2.5rem; border-bottom: 1px solid var(--line); }
h3 { font-size: 1.05rem; margin: 1.5rem 0 0.25rem; } p { margin: 0.25rem 0 0.75rem; max-width: 60rem; }
a { color: var(--link); } a:focus-visible, .wide:focus-visible, summary:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
.faint, caption { color: var(--faint); } caption { text-align: left; padding: 0.25rem 0; }
.skip { position: absolute; left: -100rem; } .skip:focus { position: static; }
.wide { overflow-x: auto; margin-bottom: 1rem; }
table { border-collapse: collapse; font-size: 0.875rem; } th, td { padding: 0.25rem 0.6rem; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
thead th { background: var(--band); white-space: nowrap; } tbody th { font-weight: 600; } .number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
time, code { white-space: nowrap; } code { font-size: 0.8rem; overflow-wrap: anywhere; } td.text { overflow-wrap: anywhere; min-width: 5rem; max-width: 32rem; }
td.hash { white-space: normal; max-width: 18rem; } td.hash code { white-space: normal; } tr:target { background: var(--band); outline: 2px solid var(--link); }
pre { font-size: 0.8rem; white-space: pre-wrap; overflow-wrap: anywhere; } summary { cursor: pointer; color: var(--link); } figure { margin: 0.5rem 0 1rem; }
svg { width: 100%; max-width: 54rem; height: auto; } svg text { fill: var(--ink); font: 12px system-ui, sans-serif; } .end { text-anchor: end; } .middle { text-anchor: middle; }
.grid { stroke: var(--line); } .span { stroke: var(--calm); stroke-width: 3; }
.good { fill: var(--good); } .bad { fill: var(--bad); } .warn { fill: var(--warn); } .calm { fill: var(--calm); } .other { fill: var(--other); } .dark { fill: var(--dark); } .plain { fill: var(--plain); }
@media print { :root { --ground: #ffffff; --ink: #000000; --faint: #444444; --line: #999999; --band: #eeeeee; --link: #000000;
  --good: #1a7f37; --bad: #b31d28; --warn: #9a6700; --calm: #0969da; --other: #8250df; --dark: #24292f; --plain: #6e7781; }
  @page { size: A4 landscape; margin: 12mm; } body { max-width: none; padding: 0; font-size: 9pt; } table { font-size: 7pt; } th, td { padding: 1pt 3pt; }
  .wide { overflow: visible; } nav, .skip { display: none; } thead { display: table-header-group; } tr, figure, svg { break-inside: avoid; } h2, h3 { break-after: avoid; }
  svg rect, svg circle { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
`;
