"""The answer to `projects`: what octopod.yaml has, and whether it counts. Pure."""

import re
from collections.abc import Iterable, Mapping, Sequence

from bot.domain.project import Limits, Profile, Project
from bot.slack.blocks import Block, code, context, cut, escape, mention, preformatted, section
from bot.slack.messages import Text, text_of

SHOWN = 30
LONGEST = 600


def listing(projects: Sequence[Project], stagings: Mapping[str, int], refused: Sequence[str]) -> Text:
    """`stagings`: how many there are, by project. `refused`: the mistakes of a changed octopod.yaml."""
    body = [section(_told(one, stagings.get(one.name, 0))) for one in projects[:SHOWN]]
    if len(projects) > SHOWN:
        body.append(context(f"… {len(projects) - SHOWN} more: {escape(', '.join(p.name for p in projects[SHOWN:]))}"))
    known = {project.name for project in projects}
    if left := [f"{name} ({_stagings(count)})" for name, count in stagings.items() if name not in known]:
        body.append(context(f"Not in octopod.yaml any more: {escape(cut(', '.join(left), LONGEST))}"))
    return text_of(f"Projects: {', '.join(project.name for project in projects)}", *body, *_refused(refused))


def _told(project: Project, stagings: int) -> str:
    alerts = f", alerts in {_channel(project.alerts)}" if project.alerts != project.channel else ""
    hosts = ", ".join(f"{escape(name)} {code(pattern)}" for name, pattern in project.hosts.items())
    count = f"{_stagings(stagings)}{_limits(project.limits)}"
    lines = [
        f"*{escape(project.name)}* · {count} · {_channel(project.channel)}{alerts}",
        f"{code(project.repo)}, baseline {code(project.baseline)}",
        cut(hosts, LONGEST),
        *(_profile(profile) for profile in project.profiles.values()),
    ]
    return cut("\n".join(lines), 2900)


def _stagings(count: int) -> str:
    return f"{count} staging{'' if count == 1 else 's'}"


def _limits(limits: Limits) -> str:
    said = [f"{count} {of}" for count, of in ((limits.stagings, "at once"), (limits.per_person, "per person")) if count]
    return f" (at most {', '.join(said)})" if said else ""


def _channel(name: str) -> str:
    return f"<#{name}>" if re.fullmatch("[CG][A-Z0-9]{5,20}", name) else escape(f"#{name}")


def _profile(profile: Profile) -> str:
    described = f" {escape(cut(profile.description, 200))}" if profile.description else ""
    return f"Profile {code(profile.name)}{described} · for {_people(profile.allowed)}"


def _people(allowed: Iterable[str]) -> str:
    named = [mention(one) if re.fullmatch("[UW][A-Z0-9]{5,20}", one) else escape(one.lstrip("@")) for one in allowed]
    return cut(", ".join(named), 300) or "nobody"


def _refused(mistakes: Sequence[str]) -> Sequence[Block]:
    if not mistakes:
        return ()
    text = "⚠️ *octopod.yaml has changed and is wrong.* These projects are as they were before. Its mistakes:"
    more = [f"… {len(mistakes) - 10} more; the bot's log has all"] if len(mistakes) > 10 else []
    return section(text), preformatted([*mistakes[:10], *more])
