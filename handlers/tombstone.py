"""The door for hosts whose staging does not answer: it says what is, or was, here. Never a staging's own page."""

from collections.abc import Awaitable, Callable, Collection
from html import escape

from aiohttp import web

from bot.domain import naming
from bot.domain.model import CLOCK, Phase, Staging
from bot.domain.project import Project
from bot.service import Service
from bot.wayback import WayBack

HEADER = "Octopod-Tombstone"
STYLE = """
body{font:16px/1.6 system-ui,sans-serif;max-width:34rem;margin:18vh auto 0;padding:0 1.5rem;overflow-wrap:anywhere}
body{color:#222;background:#fafafa}
h1{font-size:1.4rem} code{background:#0001;padding:.1em .35em;border-radius:.25em}
kbd{font:inherit;font-family:ui-monospace,monospace;background:#0001;padding:.5em .7em;border-radius:.35em}
kbd{display:inline-block;margin-top:.4em;user-select:all;-webkit-user-select:all}
@media(prefers-color-scheme:dark){body{color:#ddd;background:#181a1b} code,kbd{background:#fff2}}
"""
Handle = Callable[[str], str]
Told = tuple[int, str, list[str]]


def door(service: Service, back: WayBack, handle: Handle) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """`handle`: what a Slack user is called where Slack does not render mentions."""

    async def tombstone(request: web.Request) -> web.StreamResponse:
        host = naming.without_port(request.host).lower().rstrip(".")
        staging = await service.looking.at_host(host)
        if staging and request.method == "GET":
            await back.visited(staging)
        status, title, lines = told(staging, host, handle, service.projects.values())
        headers = {HEADER: staging.phase.value if staging else "unknown", "Cache-Control": "no-store"}
        if status == 503:
            headers["Retry-After"] = "2"
        return web.Response(status=status, text=page(title, lines), content_type="text/html", headers=headers)

    return tombstone


def told(staging: Staging | None, host: str, handle: Handle, projects: Collection[Project]) -> Told:
    """Status, title and paragraphs (HTML)."""
    project = _project(staging, host, projects)
    if staging is None:
        none = f"No staging answers at <b>{escape(host)}</b>, and none did."
        return 404, "No staging here", [none, _type("To make one", "deploy BRANCH", project, projects)]
    name, release = escape(staging.name), staging.attempt
    commit = f"<code>{escape(release.branch)}</code> at <code>{release.commit[:7]}</code>"
    again = _type("To bring it back", f"deploy {_words(staging)}", project, projects)
    match staging.phase:
        case Phase.DELETED:
            return 410, f"{name} was deleted", [_deleted(staging, commit, handle), again]
        case Phase.DELETING:
            undo = _type("To bring it back", f"undo {staging.name}", project, projects)
            lines = [_going(staging, commit, handle), undo if staging.undo_until else again]
            return 410, f"{name} is being deleted", lines
        case Phase.ASLEEP | Phase.FALLING_ASLEEP:
            wake = _type("To wake it", f"wake {staging.name}", project, projects)
            return 503, f"{name} is asleep", [_asleep(staging, commit, handle), wake]
        case Phase.WAKING:
            return 503, f"{name} is waking up", [f"{commit} comes back. Reload in a few seconds."]
        case Phase.RESETTING:
            return 503, f"{name} is being reset", [f"Its data is wiped, and {commit} starts anew. Reload in a while."]
        case Phase.WAITING:
            return 503, f"{name} waits for its image", [f"{commit} starts as soon as the registry has it."]
        case Phase.ROLLING_OUT:
            return 503, f"{name} is starting", [f"{commit} is rolling out. Reload in a few seconds."]
        case _:
            why = (staging.health_reason if staging.phase is Phase.BROKEN else release.reason).rstrip(".")
            title = f"{name} has failed" if staging.phase is Phase.FAILED else f"{name} does not answer"
            said = f"{commit} does not answer{f': {escape(why)}' if why else ' just now'}."
            return 503, title, [said, f"Its thread{_channel(project)} says more."]


def _deleted(staging: Staging, commit: str, handle: Handle) -> str:
    who = _who(staging.deleted_by, handle)
    why = f", because {escape(staging.delete_reason)}" if staging.delete_reason else ""
    at = f" on {staging.deleted_at:%Y-%m-%d at %H:%M} UTC" if staging.deleted_at else ""
    return f"The staging <b>{escape(staging.name)}</b> of {commit} was here. {who} removed it{at}{why}."


def _going(staging: Staging, commit: str, handle: Handle) -> str:
    """Its data is told of only while it can be saved."""
    if staging.undo_until is None:
        return f"It ran {commit}."
    until = f"{staging.undo_until:%Y-%m-%d at %H:%M} UTC"
    return f"It ran {commit}. {_who(staging.deleted_by, handle)} deleted it; its data is kept until {until}."


def _asleep(staging: Staging, commit: str, handle: Handle) -> str:
    at = staging.asleep_at or staging.sleep_asked_at
    since = f" since {at:%Y-%m-%d %H:%M} UTC" if at else ""
    who = _who(staging.slept_by, handle)
    kept = "Its data is kept." if staging.lost is None else "Since then somebody removed it from where it ran."
    wakes = f" It wakes by itself on {staging.turns_at:%Y-%m-%d at %H:%M} UTC." if staging.turns_at else ""
    return f"The staging of {commit} sleeps{since}: {who} put it to sleep. {kept}{wakes}"


def _who(actor: str | None, handle: Handle) -> str:
    return "the clock" if actor in (None, CLOCK) else f"@{escape(handle(actor or '') or actor or '')}"


def _type(purpose: str, words: str, project: Project | None, projects: Collection[Project]) -> str:
    """What to type where. Anybody can see this page and nobody is known here, so it has no button."""
    shared = project and sum(one.channel == project.channel for one in projects) > 1
    words += f" --project {project.name}" if project and shared else ""
    return f"{purpose}, type{_channel(project)}:<br><kbd>/octopod {escape(words)}</kbd>"


def _words(staging: Staging) -> str:
    """With the name, if it is not the one that the branch gives by itself: the URL is to be the same again."""
    named = staging.name != naming.staging_name(staging.branch)
    return f"{staging.branch} as {staging.name}" if named else staging.branch


def _project(staging: Staging | None, host: str, projects: Collection[Project]) -> Project | None:
    """The staging's, unless octopod.yaml has it no more; where no staging was, the one that has such hosts."""
    if staging:
        return next((one for one in projects if one.name == staging.project), None)
    patterns = ((one, pattern) for one in projects for pattern in one.hosts.values())
    return next((one for one, pattern in patterns if naming.could_be_host(pattern, host)), None)


def _channel(project: Project | None) -> str:
    return f" in <b>#{escape(project.channel)}</b>" if project else " in Slack"


def page(title: str, paragraphs: list[str]) -> str:
    body = "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{title}</title><style>{STYLE}</style><h1>{title}</h1>{body}</html>"
    )
