"""The look of a report: one sheet inside of the page, so that the file can be mailed, archived and read offline."""

STYLESHEET = """
:root {
  color-scheme: light dark;
  --paper: #fbfbf9; --panel: #ffffff; --ink: #1d2129; --soft: #5d6570; --line: #e3e4e0; --wash: #f3f4f0;
  --good: #1b7f4b; --bad: #b3261e; --neutral: #8a8f98; --good-wash: #e6f3ec; --bad-wash: #fbeae8;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #14171c; --panel: #1b1f26; --ink: #e4e6ea; --soft: #9aa3af; --line: #2d333d; --wash: #232831;
    --good: #5cc98f; --bad: #ff8a80; --neutral: #7d8590; --good-wash: #17302a; --bad-wash: #3a2225;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--paper); color: var(--ink);
  font: 15px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
}
main { max-width: 68rem; margin: 0 auto; padding: 3rem 1.5rem 5rem; }
h1 { font-size: 1.6rem; line-height: 1.25; letter-spacing: -.01em; margin: 0 0 .35rem; }
h2 { font-size: 1.05rem; margin: 3rem 0 .9rem; }
p { margin: .4rem 0; }
code, .id, .path, .value {
  font-family: ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, monospace; font-size: .86em;
}
.soft { color: var(--soft); }
.note, .kind { color: var(--soft); font-size: .85rem; }
.kind { margin-left: .5rem; white-space: nowrap; }
.summary { display: flex; flex-wrap: wrap; gap: 1.5rem 3rem; align-items: flex-end; margin: 2rem 0 0; }
.figure b { display: block; font-size: 2.4rem; line-height: 1.1; font-weight: 600; letter-spacing: -.02em;
  font-variant-numeric: tabular-nums; }
.figure span { color: var(--soft); font-size: .9rem; }
.good { color: var(--good); } .bad { color: var(--bad); } .neutral { color: var(--neutral); }
dl.facts { display: grid; grid-template-columns: repeat(auto-fill, minmax(12rem, 1fr)); gap: 1rem 2rem;
  margin: 2.2rem 0 0; padding: 1.1rem 0 0; border-top: 1px solid var(--line); }
dl.facts dt { color: var(--soft); font-size: .82rem; }
dl.facts dd { margin: 0; overflow-wrap: anywhere; }
.scroll { overflow-x: auto; background: var(--panel); border: 1px solid var(--line); border-radius: 8px; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th { text-align: left; font-weight: 500; font-size: .82rem; color: var(--soft); white-space: nowrap; }
th, td { padding: .55rem .9rem; vertical-align: top; }
tbody tr, tfoot tr { border-top: 1px solid var(--line); }
tfoot { font-weight: 600; }
.n { text-align: right; white-space: nowrap; }
.zero { color: var(--neutral); }
td.type { white-space: nowrap; }
.bar { display: flex; width: 8rem; height: .5rem; margin-top: .5rem; border-radius: 99px; overflow: hidden;
  background: var(--wash); }
.bar i { display: block; background: currentColor; min-width: 2px; }
.group { background: var(--panel); border: 1px solid var(--line); border-radius: 8px; margin: 0 0 .8rem; }
.group > summary { display: grid; grid-template-columns: auto 1fr auto; gap: .1rem 1rem; padding: .9rem 1.1rem;
  cursor: pointer; list-style: none; align-items: baseline; }
.group > summary::-webkit-details-marker { display: none; }
.group > summary::before { content: "\\203a"; color: var(--soft); font-size: 1.2rem; line-height: 1; }
.group[open] > summary::before { transform: rotate(90deg); }
.group > summary:focus-visible { outline: 2px solid var(--soft); outline-offset: 2px; border-radius: 8px; }
.path { font-weight: 600; font-size: .95rem; overflow-wrap: anywhere; }
.what { grid-column: 2; color: var(--soft); font-size: .9rem; overflow-wrap: anywhere; }
.count { font-weight: 600; color: var(--bad); white-space: nowrap; font-variant-numeric: tabular-nums; }
.body { border-top: 1px solid var(--line); padding: .4rem 1.1rem 1.1rem; }
.body h3 { font-size: .82rem; font-weight: 500; color: var(--soft); margin: 1rem 0 .4rem; }
.body ul { margin: 0; padding: 0; list-style: none; }
.body li { overflow-wrap: anywhere; padding: .1rem 0; }
.example { margin: 0 0 1.1rem; }
.example .scroll { border-radius: 6px; }
.example p { margin: 0 0 .3rem; }
.value { white-space: pre-wrap; overflow-wrap: anywhere; unicode-bidi: isolate; }
.example td { font-size: .92em; }
.example td:nth-child(1) { width: 44%; overflow-wrap: anywhere; }
.example td:nth-child(n+2) { width: 28%; }
.example tr.leading { background: var(--bad-wash); }
.masked { color: var(--neutral); letter-spacing: .1em; }
.calm { background: var(--good-wash); color: var(--good); border-radius: 8px; padding: .9rem 1.1rem; }
footer { margin-top: 3.5rem; padding-top: 1rem; border-top: 1px solid var(--line); color: var(--soft);
  font-size: .85rem; }
@media (max-width: 40rem) { main { padding: 1.5rem .9rem 3rem; } .figure b { font-size: 1.9rem; } }
@media print { body { background: none; } .group, .scroll { break-inside: avoid; } }
"""
