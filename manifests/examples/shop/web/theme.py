"""How the shop looks: one colour for everything that can be clicked, the rest is sand and water."""

# name: (background, text on it)
COLOURS = {
    "blue": ("#2459d1", "#ffffff"),
    "orange": ("#f97316", "#1f1003"),
    "green": ("#15803d", "#ffffff"),
}

BUTTON = "blue"

STYLE = """
:root { color-scheme: light dark; --paper: #fbfaf7; --card: #ffffff; --ink: #1d2430; --quiet: #667085; --line: #e5e2da;
  --sea: #dcebf5; --bad: #b42318; }
@media (prefers-color-scheme: dark) { :root { --paper: #10151d; --card: #18202b; --ink: #e8ecf2; --quiet: #98a2b3;
  --line: #2a3442; --sea: #17324a; --bad: #ff8a7a; } }
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: flex; flex-direction: column; background: var(--paper); color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
header, main, footer { width: 100%; max-width: 64rem; margin: 0 auto; padding: 1rem 1.5rem; }
header { display: flex; align-items: baseline; gap: 1.25rem; flex-wrap: wrap; }
header .name { font-size: 1.35rem; font-weight: 700; letter-spacing: -.02em; color: var(--ink); text-decoration: none; }
header nav { margin-left: auto; display: flex; gap: 1rem; align-items: baseline; }
main { flex: 1; }
a { color: inherit; }
h1 { font-size: 2rem; line-height: 1.2; letter-spacing: -.02em; margin: 1rem 0 .25rem; }
.quiet { color: var(--quiet); }
.bad { color: var(--bad); }
.shelf { display: grid; gap: 1.25rem; grid-template-columns: repeat(auto-fill, minmax(13rem, 1fr)); padding: 0;
  margin: 1.75rem 0; list-style: none; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 1rem; padding: 1.25rem; }
.shelf .card { display: flex; flex-direction: column; gap: .35rem; }
.shelf h2 { font-size: 1.05rem; margin: 0; }
.shelf p { margin: 0; flex: 1; }
.picture { height: 7rem; border-radius: .65rem; background: var(--sea); display: grid; place-items: center;
  margin-bottom: .5rem; }
.picture svg { width: 4rem; height: 4rem; fill: none; stroke: var(--button); stroke-width: 3; stroke-linecap: round;
  stroke-linejoin: round; }
.buy { display: flex; align-items: center; justify-content: space-between; margin-top: .75rem; }
.narrow { max-width: 26rem; }
button { font: inherit; font-weight: 600; color: var(--on-button); background: var(--button); border: 0;
  border-radius: .6rem; padding: .5rem 1.1rem; cursor: pointer; }
button:hover { filter: brightness(1.08); }
button.plain { background: none; color: var(--quiet); padding: 0; font-weight: 400; text-decoration: underline; }
:focus-visible { outline: 3px solid var(--button); outline-offset: 2px; }
label { display: block; margin-bottom: .9rem; }
input { display: block; width: 100%; font: inherit; padding: .5rem .7rem; margin-top: .2rem; border-radius: .6rem;
  border: 1px solid var(--line); background: var(--paper); color: inherit; }
footer { color: var(--quiet); font-size: .85rem; border-top: 1px solid var(--line); }
footer dl { display: flex; flex-wrap: wrap; gap: .25rem 1.5rem; margin: 0; }
footer dl div { display: flex; gap: .4rem; min-width: 0; }
footer dd { margin: 0; color: var(--ink); font-family: ui-monospace, Menlo, "DejaVu Sans Mono", monospace;
  overflow-wrap: anywhere; }
"""


def stylesheet() -> str:
    background, text = COLOURS[BUTTON]
    return f":root {{ --button: {background}; --on-button: {text}; }}\n{STYLE}"
