"""The door for hosts whose staging does not answer: it says what is, or was, here. Never a staging's own page."""

from collections.abc import Awaitable, Callable
from html import escape

from aiohttp import web

from bot.domain.model import CLOCK, Phase, Staging
from bot.service import Service

HEADER = "Octopod-Tombstone"
STYLE = """
body{font:16px/1.6 system-ui,sans-serif;max-width:34rem;margin:18vh auto 0;padding:0 1.5rem}
body{color:#222;background:#fafafa}
h1{font-size:1.4rem} code{background:#0001;padding:.1em .35em;border-radius:.25em}
@media(prefers-color-scheme:dark){body{color:#ddd;background:#181a1b} code{background:#fff2}}
"""
Handle = Callable[[str], str]
Told = tuple[int, str, list[str]]


def door(service: Service, handle: Handle) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """`handle`: what a Slack user is called where Slack does not render mentions."""

    async def tombstone(request: web.Request) -> web.StreamResponse:
        host = request.host.rsplit(":", 1)[0].lower()
        staging = await service.at_host(host)
        status, title, lines = told(staging, host, handle)
        headers = {HEADER: staging.phase.value if staging else "unknown", "Cache-Control": "no-store"}
        if status == 503:
            headers["Retry-After"] = "2"
        return web.Response(status=status, text=page(title, lines), content_type="text/html", headers=headers)

    return tombstone


def told(staging: Staging | None, host: str, handle: Handle) -> Told:
    """Status, title and paragraphs (HTML)."""
    if staging is None:
        return (
            404,
            "No staging here",
            [f"No staging answers at <b>{escape(host)}</b>, and none did.", _deploy("BRANCH")],
        )
    name, release = escape(staging.name), staging.attempt
    commit = f"<code>{escape(release.branch)}</code> at <code>{release.commit[:7]}</code>"
    match staging.phase:
        case Phase.DELETED:
            return 410, f"{name} was deleted", [_deleted(staging, commit, handle), _deploy(staging.branch)]
        case Phase.DELETING:
            return 410, f"{name} is being deleted", [f"It ran {commit}.", _deploy(staging.branch)]
        case Phase.WAITING:
            return 503, f"{name} waits for its image", [f"{commit} starts as soon as the registry has it."]
        case Phase.ROLLING_OUT:
            return 503, f"{name} is starting", [f"{commit} is rolling out. Reload in a few seconds."]
        case _:
            why = staging.health_reason if staging.phase is Phase.BROKEN else release.reason
            title = f"{name} has failed" if staging.phase is Phase.FAILED else f"{name} does not answer"
            said = f"{commit} does not answer{f': {escape(why)}' if why else ' just now'}."
            return 503, title, [said, "Its thread in Slack says more."]


def _deleted(staging: Staging, commit: str, handle: Handle) -> str:
    by = staging.deleted_by or CLOCK
    who = "the clock" if by == CLOCK else f"@{escape(handle(by) or by)}"
    why = f", because {escape(staging.delete_reason)}" if staging.delete_reason else ""
    at = f" on {staging.deleted_at:%Y-%m-%d at %H:%M} UTC" if staging.deleted_at else ""
    return f"The staging <b>{escape(staging.name)}</b> of {commit} was here. {who} removed it{at}{why}."


def _deploy(branch: str) -> str:
    return f"In Slack, <code>/octopod deploy {escape(branch)}</code> makes a new one."


def page(title: str, paragraphs: list[str]) -> str:
    body = "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{title}</title><style>{STYLE}</style><h1>{title}</h1>{body}</html>"
    )
