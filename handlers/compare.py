"""The page that shows a staging and its project's baseline side by side, at the same path.

Anybody who reaches stagings can see it: it shows their URLs and what runs there, nothing else. It has no scripts, and
its own host, where no staging's page can reach it.
"""

from collections.abc import Awaitable, Callable
from html import escape
from urllib.parse import urlsplit, urlunsplit

from aiohttp import web

from bot.domain import naming
from bot.domain.model import Staging
from bot.service import Service
from handlers.tombstone import page

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]
STYLE = """
*{box-sizing:border-box} html,body{height:100%;margin:0}
body{font:15px/1.4 system-ui,sans-serif;color:#222;background:#fafafa;display:flex;flex-direction:column}
form{display:flex;flex-wrap:wrap;gap:.5rem;align-items:center;padding:.6rem .8rem;border-bottom:1px solid #0003}
h1{font-size:1rem;margin:0} label{font-weight:600}
input{flex:1 1 14rem;min-width:0;font:inherit;padding:.3rem .5rem;border:1px solid #777;border-radius:.3rem}
input,button{color:inherit;background:#8881}
button{font:inherit;padding:.3rem .9rem;border:1px solid #777;border-radius:.3rem}
main{flex:1;display:flex;min-height:0} section{flex:1 1 0;min-width:0;display:flex;flex-direction:column}
section+section{border-left:3px solid #8888}
h2{font-size:.95rem;margin:0;padding:.4rem .8rem;overflow-wrap:anywhere} h2 a{font-weight:400}
p{margin:0;padding:0 .8rem .4rem;overflow-wrap:anywhere} code{background:#8882;padding:.1em .3em;border-radius:.25em}
iframe{flex:1;width:100%;border:0;border-top:1px solid #0003;background:#fff}
footer{padding:.3rem .8rem;font-size:.85rem;border-top:1px solid #0003}
@media(max-width:700px){main{flex-direction:column} section+section{border-left:0;border-top:3px solid #8888}}
@media(prefers-color-scheme:dark){body{color:#ddd;background:#181a1b} a{color:#8bf}}
"""
HINT = (
    "A page that forbids to be framed stays empty here: open it by its link. Who has signed in on one side has not "
    "on the other."
)


def door(service: Service, otherwise: Answer) -> Answer:
    """`otherwise` answers at all other hosts."""

    async def compare(request: web.Request) -> web.StreamResponse:
        host = naming.without_port(request.host).lower().rstrip(".")
        if not any(_is_ours(service, name, host) for name in service.projects):
            return await otherwise(request)
        staging = await service.looking.compared(request.path.strip("/"))
        status, text = shown(staging, request.query.get("path", "/"))
        return web.Response(status=status, text=text, content_type="text/html", headers={"Cache-Control": "no-store"})

    return compare


def _is_ours(service: Service, project: str, host: str) -> bool:
    return naming.without_port(naming.main_host(service.projects[project].hosts, naming.COMPARING, None)) == host


def shown(compared: tuple[Staging, str, Staging | None] | None, path: str) -> tuple[int, str]:
    """Status and page. `path` is what people typed: a path, or a whole URL of either side."""
    if compared is None:
        gone = "There is no such staging any more. Its card in Slack says what became of it."
        return 404, page("Nothing to compare", [gone])
    staging, baseline, other = compared
    path = same_path(path)
    sides = [_side(staging, path), _side(other, path) if other else _none(baseline)]
    title = f"{escape(staging.name)} and {escape(baseline)}"
    return 200, (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f'<meta name="referrer" content="no-referrer"><title>{title}</title><style>{STYLE}</style>'
        f'<form><h1>{title}</h1><label for="path">Path</label>'
        f'<input id="path" name="path" value="{escape(path)}" spellcheck="false" autocomplete="off">'
        f"<button>Show both</button></form><main>{''.join(sides)}</main><footer>{HINT}</footer></html>"
    )


def same_path(typed: str) -> str:
    """Path, query and fragment of what was typed; nothing of it can lead to another host."""
    try:
        parts = urlsplit(typed.strip())
    except ValueError:
        return "/"
    path = "/" + parts.path.replace("\\", "/").lstrip("/")
    return urlunsplit(("", "", path, parts.query, parts.fragment))


def _side(staging: Staging, path: str) -> str:
    name, release = escape(staging.name), staging.live or staging.attempt
    said = f"<code>{escape(release.branch)}</code> at <code>{release.commit[:7]}</code> · {escape(staging.phase)}"
    url = escape(f"{(staging.url or '').rstrip('/')}{path}")
    frame = f'<iframe src="{url}" title="{name}"></iframe>' if staging.answers else ""
    link = f'<a href="{url}" target="_blank" rel="noreferrer">open</a>' if staging.answers else ""
    return f"<section><h2>{name} {link}</h2><p>{said}</p>{frame}</section>"


def _none(baseline: str) -> str:
    name = escape(baseline)
    again = f"Type <code>/octopod deploy {name}</code> in Slack, and reload this page when it is live."
    return f"<section><h2>{name}</h2><p>It has no staging. {again}</p></section>"
