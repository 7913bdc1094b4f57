"""From the file to `Project`s: read, checked against the schema and against itself, defaults filled in.

Everything that is wrong is told at once, each with its place: `octopod.yaml:7:5: projects.shop.ttl: must be …`.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from bot.domain.errors import ConfigError
from bot.domain.hours import Hours
from bot.domain.project import (
    DeployOn,
    EngineKind,
    Follow,
    GitHost,
    GithubApp,
    Limits,
    ProbeFrom,
    Project,
    Roles,
    Updates,
    UrlProbe,
    Witnesses,
)
from bot.projects import environment, fences, fields, githosts, health, hosts, schema, sources
from bot.projects.checks import contradictions
from bot.projects.extends import inherit
from bot.projects.places import Document, Keys, Mistake, read

# Hundreds of projects; what is larger is another file, and would be read for minutes.
MOST_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class Configuration:
    """What octopod.yaml says, with all defaults filled in. `projects` by name, in the file's order."""

    engine: EngineKind
    projects: Mapping[str, Project]


def load_projects(path: Path) -> Configuration:
    """Read and check the file. Relative `repo` paths begin beside it. Raises ConfigError with every mistake."""
    document = read(_text(path), environment.typed)
    _refuse(path, document.mistakes if document.data is None else ())
    if document.data is None:
        raise ConfigError([f"{path.name} is empty. It needs `engine:` and `projects:`."])
    document.mistakes.extend(inherit(document))
    templates = sources.templates(path.parent)
    try:
        keys = schema.FileKeys.model_validate(document.data)
    except ValidationError as error:
        found = [*_told(document, error), *contradictions(document, templates)]
        # What YAML could not give us is not asked for a second time.
        broken = {(mistake.line, mistake.column) for mistake in document.mistakes}
        found = [mistake for mistake in found if (mistake.line, mistake.column) not in broken]
        raise _refusal(path, [*document.mistakes, *found]) from None
    _refuse(path, [*document.mistakes, *contradictions(document, templates)])
    engine = EngineKind(keys.engine)
    projects = {name: _project(name, one, engine, path.parent, templates) for name, one in keys.projects.items()}
    return Configuration(engine, projects)


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            raise ConfigError([f"{path.name} is larger than {MOST_BYTES // 1024} kB."])
        return content.decode("utf-8-sig")
    except FileNotFoundError:
        raise ConfigError([f"There is no {path}. Set OCTOPOD_CONFIG to the file with your projects."]) from None
    except IsADirectoryError:
        raise ConfigError([f"{path} is a folder; OCTOPOD_CONFIG must name a file."]) from None
    except OSError as error:
        raise ConfigError([f"{path} can't be read: {error.strerror}."]) from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise ConfigError([f"{path.name}:{line}: is not UTF-8 text. Save it as UTF-8."]) from None


def _refuse(path: Path, mistakes: Iterable[Mistake]) -> None:
    if found := list(mistakes):
        raise _refusal(path, found)


def _refusal(path: Path, mistakes: Iterable[Mistake]) -> ConfigError:
    return ConfigError([mistake.at(path.name) for mistake in sorted(_told_once(set(mistakes)))])


def _told_once(mistakes: Collection[Mistake]) -> Iterator[Mistake]:
    """A mistake in what others inherit is told of the project that it was written for."""
    own = {(mistake.line, mistake.column) for mistake in mistakes if not mistake.inherited}
    return (one for one in mistakes if not one.inherited or (one.line, one.column) not in own)


def _told(document: Document, error: ValidationError) -> Iterator[Mistake]:
    """What pydantic found, in our words and at its place."""
    for one in error.errors():
        path = one["loc"]
        if one["type"] == "missing" and _is_heir(document, path):
            continue  # and so has the one that it extends, or `extends` is wrong
        text, at_key = _words(path, one)
        yield document.mistake(path, text, at_key=at_key)


def _is_heir(document: Document, path: Keys) -> bool:
    return len(path) == 3 and "extends" in document.data["projects"][path[1]]


def _words(path: Keys, error: ErrorDetails) -> tuple[str, bool]:
    match error["type"]:
        case "missing":
            return schema.MISSING[str(path[-1])], True
        case "extra_forbidden":
            return schema.unknown_key(path), True
        case "model_type" | "dict_type":
            return "must have keys of its own, as lines of `key: value` below it", False
        case _:
            return error["msg"].removeprefix("Value error, "), False


def _project(
    name: str, keys: schema.ProjectKeys, engine: EngineKind, beside: Path, templates: Mapping[str, Path]
) -> Project:
    local = engine is EngineKind.LOCAL
    return Project(
        name=name,
        repo=_repo(keys.repo, beside),
        source=sources.source(keys.source, templates),
        channel=keys.channel,
        alerts=keys.alerts or keys.channel,
        credentials=keys.credentials,
        baseline=keys.baseline,
        image=keys.image,
        hosts=hosts.patterns(name, keys.hosts, extends=keys.extends is not None),
        scheme=keys.scheme or ("http" if local else "https"),
        image_wait=keys.image_wait,
        ci=keys.ci,
        undo=keys.undo,
        ttl=keys.ttl,
        env=environment.defaults(keys.env),
        secrets=keys.secrets,
        keys=environment.keys(keys.env, keys.secrets),
        values=keys.values,
        profiles=environment.profiles(keys.profiles),
        limits=Limits(keys.limits.stagings, keys.limits.per_person),
        roles=Roles(keys.roles.deploy, keys.roles.admin),
        url_probe=_url_probe(keys.url_probe),
        copy_secrets=keys.copy_secrets,
        fence=fences.fence(keys.fence),
        follow=Follow(Updates(keys.follow.updates), keys.follow.branches, keys.follow.baseline, keys.follow.gone_after),
        hours=_hours(keys.hours),
        deploy_on=DeployOn(keys.deploy_on),
        label=keys.label,
        kinds=keys.kinds,
        host=_git_host(keys),
        health_checks=health.checks(keys.health_checks, _url_probe(keys.url_probe)),
        witnesses=Witnesses(keys.witnesses),
        good_after=keys.good_after,
        people={address.lower(): user for address, user in keys.people.items()},
    )


def _git_host(keys: schema.ProjectKeys) -> GitHost | None:
    app = GithubApp(keys.github_app.id, keys.github_app.key) if keys.github_app else None
    return githosts.host(keys.repo, keys.api, keys.api_token, app, keys.report)


def _repo(repo: str, beside: Path) -> str:
    return str((beside / Path(repo).expanduser()).resolve()) if fields.is_path(repo) else repo


def _hours(keys: schema.HoursKeys | None) -> Hours | None:
    return Hours(keys.zone, keys.days, keys.start, keys.end) if keys else None


def _url_probe(keys: schema.ProbeKeys) -> UrlProbe:
    return UrlProbe(keys.path, keys.address, ProbeFrom(keys.origin), keys.accept, keys.seconds)
