"""The look of a report: one sheet inside of the page, so that the file can be mailed, archived and read offline.

Text keeps a contrast of 4.5 to 1 on every ground that it stands on, light and dark (WCAG 2.2, 1.4.3).
"""

from collections.abc import Mapping

LIGHT: Mapping[str, str] = {
    "paper": "#fafaf7", "panel": "#ffffff", "wash": "#f1f2ee", "ink": "#1b1f27", "soft": "#555d68", "line": "#dfe1dc",
    "good": "#14683c", "bad": "#a8201a", "neutral": "#636a74", "good-wash": "#e4f2ea", "bad-wash": "#fcebe9",
    "control-mark": "#d5e4fb", "candidate-mark": "#fbdcc0", "focus": "#1f5fbf", "link": "#1c55ad",
}  # fmt: skip
DARK: Mapping[str, str] = {
    "paper": "#13161b", "panel": "#1a1e25", "wash": "#232830", "ink": "#e6e8ec", "soft": "#a2abb7", "line": "#303743",
    "good": "#62cf96", "bad": "#ff8f86", "neutral": "#97a0ab", "good-wash": "#163026", "bad-wash": "#3b2123",
    "control-mark": "#1f3d68", "candidate-mark": "#64401c", "focus": "#7db0ff", "link": "#8ab8ff",
}  # fmt: skip

_RULES = """
* { box-sizing: border-box; }
[hidden] { display: none !important; }
html { -webkit-text-size-adjust: 100%; scroll-padding-top: 8rem; }
body {
  margin: 0; background: var(--paper); color: var(--ink);
  font: 15px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
}
main { max-width: 72rem; margin: 0 auto; padding: 2.6rem 1.5rem 4rem; }
h1 { font-size: 1.6rem; line-height: 1.25; letter-spacing: -.01em; margin: 0 0 .3rem; overflow-wrap: anywhere; }
h2 { font-size: 1.1rem; margin: 2.8rem 0 .8rem; letter-spacing: -.005em; }
h3 { font-size: .82rem; font-weight: 600; color: var(--soft); margin: 1.3rem 0 .5rem; }
p { margin: .4rem 0; }
a { color: var(--link); text-underline-offset: .15em; }
code, .id, .path, .value, .shape {
  font-family: ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace;
  font-size: .87em; overflow-wrap: anywhere;
}
:focus-visible { outline: 2px solid var(--focus); outline-offset: 2px; border-radius: 6px; }
.soft, .note, .kind { color: var(--soft); }
.note, .kind { font-size: .85rem; }
.note { max-width: 54rem; margin-top: .6rem; }
.kind { margin-left: .6rem; white-space: nowrap; }
.good { color: var(--good); } .bad { color: var(--bad); } .neutral { color: var(--neutral); }
.nowrap { white-space: nowrap; }

.figures { display: flex; flex-wrap: wrap; gap: 1.2rem 2.6rem; margin: 1.8rem 0 0; }
.figure { display: flex; flex-direction: column-reverse; color: var(--ink); }
.figure dt { color: var(--soft); font-size: .88rem; }
.figure dd { margin: 0; font-size: 2.1rem; line-height: 1.15; font-weight: 600; letter-spacing: -.02em;
  font-variant-numeric: tabular-nums; white-space: nowrap; }
.figure.good dd { color: var(--good); } .figure.bad dd { color: var(--bad); }
.doubtful dd { color: var(--neutral); text-decoration: line-through; text-decoration-thickness: 2px; }
.facts { display: grid; grid-template-columns: repeat(auto-fill, minmax(13.5rem, 1fr)); gap: .9rem 2rem;
  margin: 1.8rem 0 0; padding: 1.1rem 0 0; border-top: 1px solid var(--line); }
dt { color: var(--soft); font-size: .82rem; }
.facts dd { margin: 0; overflow-wrap: anywhere; }

.void { background: var(--bad-wash); border: 2px solid var(--bad); border-radius: 10px; padding: 1.1rem 1.3rem;
  margin: 1.6rem 0 0; }
.void h2 { color: var(--bad); font-size: 1.9rem; line-height: 1.1; letter-spacing: .02em; text-transform: uppercase;
  margin: 0 0 .5rem; }
.void ul { margin: .7rem 0 0; }
nav { display: flex; flex-wrap: wrap; gap: .3rem 1.4rem; margin: 1.4rem 0 0; font-size: .92rem; }
ul { margin: .4rem 0; padding-left: 1.2rem; }
li { overflow-wrap: anywhere; padding: .1rem 0; }
.objections { border-left: 3px solid var(--bad); padding: .1rem 0 .1rem 1rem; }
.objections p { color: var(--bad); font-weight: 600; }
.is-void .good { color: var(--neutral); }
.is-void .calm { background: var(--wash); color: var(--ink); }
.calm { background: var(--good-wash); color: var(--good); border-radius: 8px; padding: .8rem 1.1rem; }

.scroll { overflow-x: auto; background: var(--panel); border: 1px solid var(--line); border-radius: 8px; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { padding: .55rem .9rem; vertical-align: top; text-align: left; }
thead th { font-weight: 500; font-size: .82rem; color: var(--soft); white-space: nowrap; }
tbody th { font-weight: 400; }
tbody tr, tfoot tr { border-top: 1px solid var(--line); }
tfoot th, tfoot td { font-weight: 600; }
tbody th { min-width: 13rem; }
.n { text-align: right; white-space: nowrap; }
td strong { font-weight: 600; }
.zero { color: var(--neutral); }
td.wide { min-width: 13rem; }
.fate { display: block; font-size: .82rem; }
.bar { display: block; width: 9rem; height: .4rem; margin-top: .45rem; border-radius: 99px; background: var(--wash); }
.bar rect { fill: currentColor; }
.chip { display: inline-block; padding: 0 .55em; border: 1px solid var(--line); border-radius: 99px; font-size: .8rem;
  line-height: 1.6; color: var(--soft); background: var(--panel); overflow-wrap: anywhere; }
.chip.good { color: var(--good); border-color: currentColor; background: var(--good-wash); }
.chip.bad { color: var(--bad); border-color: currentColor; background: var(--bad-wash); }

.filter { display: flex; flex-wrap: wrap; gap: .6rem .8rem; align-items: end; padding: .7rem .9rem; margin: 0 0 .9rem;
  background: var(--wash); border: 1px solid var(--line); border-radius: 8px; }
.filter label { display: flex; flex-direction: column; gap: .15rem; min-width: 0;
  font-size: .8rem; color: var(--soft); }
.filter .wide { flex: 1 1 14rem; }
.filter output { flex-basis: 100%; font-size: .85rem; color: var(--soft); font-variant-numeric: tabular-nums; }
input, select, button { font: inherit; font-size: .9rem; color: var(--ink); background: var(--panel);
  border: 1px solid var(--neutral); border-radius: 6px; height: 2.1rem; padding: 0 .6rem; min-width: 0;
  max-width: 100%; }
button { cursor: pointer; }
button:hover { background: var(--wash); }
button[aria-pressed=true] { background: var(--ink); color: var(--paper); }
.only { display: none; }
.scripted .only { display: block; margin: .9rem 0 0; }

.group, .fold { background: var(--panel); border: 1px solid var(--line); border-radius: 8px; margin: 0 0 .7rem; }
.folds { display: flow-root; background: var(--panel); border: 1px solid var(--line); border-radius: 8px; }
.folds .fold { border: 0; border-radius: 0; margin: 0; background: none; }
.folds .fold + .fold { border-top: 1px solid var(--line); }
summary { cursor: pointer; list-style: none; }
summary::-webkit-details-marker { display: none; }
summary::before { content: "\\203a"; color: var(--soft); font-size: 1.2rem; line-height: 1.1; width: .7rem;
  text-align: center; }
[open] > summary::before { transform: rotate(90deg); }
.group > summary { display: grid; grid-template-columns: .7rem minmax(0, 1fr) auto; gap: .15rem .8rem;
  padding: .8rem 1.1rem; align-items: baseline; }
.fold > summary { display: flex; flex-wrap: wrap; gap: .1rem .8rem; padding: .55rem 1.1rem; align-items: baseline; }
.folds summary code { min-width: 13rem; } .folds summary span { min-width: 9.5rem; }
.path { font-weight: 600; font-size: .95rem; }
.count { font-weight: 600; color: var(--bad); font-variant-numeric: tabular-nums; white-space: nowrap; }
.what { grid-column: 2 / -1; color: var(--soft); font-size: .9rem; overflow-wrap: anywhere; }
.chips { grid-column: 2 / -1; display: flex; flex-wrap: wrap; gap: .35rem; }
.chips:empty { display: none; }
.body { border-top: 1px solid var(--line); padding: .9rem 1.1rem 1.1rem; }
.columns ul { columns: 22rem; column-gap: 2rem; margin: 0; }
.columns li { break-inside: avoid; }
.about { display: grid; grid-template-columns: repeat(auto-fit, minmax(14rem, 1fr)); gap: .7rem 2rem; margin: 0; }
.about .long { grid-column: 1 / -1; }
.at { display: block; white-space: nowrap; color: var(--soft); font-size: .92em; }
.about dd { margin: 0; overflow-wrap: anywhere; }

.example { border: 1px solid var(--line); border-radius: 8px; margin: 0 0 .8rem; overflow: hidden; }
.share { font-weight: 400; color: var(--soft); }
.example h4 .kind { font-weight: 400; }
.example h4 { font-size: .95rem; font-weight: 600; margin: 0; padding: .5rem .9rem; background: var(--wash); }
.sides { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); margin: 0; gap: 0 .9rem; }
.heads { padding: .45rem .9rem .1rem; color: var(--soft); font-size: .8rem; }
.sides dt { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.sides dd { margin: 0; }
.difference { position: relative; border-top: 1px solid var(--line); padding: .5rem .9rem .6rem; }
.heads + .difference { border-top: 0; }
.difference.leading { box-shadow: inset 3px 0 0 var(--bad); }
.where { margin: 0 0 .2rem; font-size: .92rem; }
.value { white-space: break-spaces; unicode-bidi: isolate; font-size: .92em; }
mark { color: inherit; background: var(--control-mark); border-radius: 2px; padding: .05em 1px; font-weight: 600; }
.sides div:nth-child(2) mark { background: var(--candidate-mark); }
mark:empty { display: inline-block; width: 3px; height: 1em; vertical-align: text-bottom; padding: 0;
  background: var(--focus) !important; }
.shape { display: block; color: var(--soft); font-size: .78rem; }
.masked, .none { color: var(--neutral); }
.masked { letter-spacing: .1em; } .none { font-style: italic; }
.guide { max-width: 54rem; }
.guide pre { margin: .5rem 0; padding: .6rem .8rem; background: var(--wash); border: 1px solid var(--line);
  border-radius: 8px; white-space: pre-wrap; overflow-wrap: anywhere; }
footer { margin-top: 3rem; padding-top: 1rem; border-top: 1px solid var(--line); color: var(--soft);
  font-size: .85rem; }

@media (min-width: 42rem) and (min-height: 40rem) {
  .filter { position: sticky; top: 0; z-index: 1; box-shadow: 0 6px 12px -10px rgb(0 0 0 / 45%); }
}
@media (max-width: 42rem) {
  main { padding: 1.4rem .9rem 2.5rem; }
  h1 { font-size: 1.35rem; }
  .figures { gap: .9rem 1.6rem; } .figure dd { font-size: 1.6rem; }
  .facts { grid-template-columns: repeat(auto-fill, minmax(8.5rem, 1fr)); gap: .8rem 1.2rem; }
  .group > summary { grid-template-columns: .7rem minmax(0, 1fr); padding: .8rem .9rem; }
  .count { grid-column: 2; }
  .body { padding: .8rem .9rem 1rem; }
  .about { grid-template-columns: minmax(0, 1fr); }
  .folds summary code { min-width: calc(100% - 2rem); } .folds summary span { margin-left: 1.5rem; min-width: 0; }
  .filter label { flex: 1 1 40%; } .filter .wide { flex-basis: 100%; }
  .heads { display: none; }
  .sides { grid-template-columns: minmax(0, 1fr); gap: .4rem; }
  .sides dt { position: static; width: auto; height: auto; clip-path: none; }
  .heads + .difference { border-top: 1px solid var(--line); }
}
@media print {
  :root { color-scheme: light; }
  body { background: #fff; font-size: 10pt; }
  main { max-width: none; padding: 0; }
  .filter, .only { display: none !important; }
  .scroll { overflow: visible; }
  table { font-size: 8.5pt; } th, td { padding: .3rem .4rem; } thead th { white-space: normal; }
  tbody th, td.wide { min-width: 0; } td.nowrap { white-space: normal; } .bar { width: 5rem; }
  mark, .bar, .chip, .void { print-color-adjust: exact; }
  .example, .scroll, tr { break-inside: avoid; }
  h2, h3, h4, summary { break-after: avoid; }
  details::details-content { content-visibility: visible; block-size: auto; }
  a { color: inherit; }
}
"""


def _colours(colours: Mapping[str, str]) -> str:
    return " ".join(f"--{name}: {value};" for name, value in colours.items())


STYLESHEET = (
    f":root {{ color-scheme: light dark; {_colours(LIGHT)} }}\n"
    f"@media screen and (prefers-color-scheme: dark) {{ :root {{ {_colours(DARK)} }} }}\n{_RULES}"
)
