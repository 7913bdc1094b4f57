"""From what `helm template` writes to objects, each with its template, and hooks as Octopod runs them. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bot.domain.hooks import DELETE, HOOK, KEPT, WEIGHT
from bot.domain.objects import inner, mapping
from bot.render.located import Located
from bot.render.nodes import Budget
from bot.render.source import objects_in

_DOCUMENT = re.compile(r"^---[ \t]*$\n?", re.MULTILINE)
_SOURCE = re.compile(r"# Source: (.*)\n?")
HELM_HOOK, HELM_WEIGHT = "helm.sh/hook", "helm.sh/hook-weight"
HELM_DELETE, HELM_POLICY = "helm.sh/hook-delete-policy", "helm.sh/resource-policy"
FIRST, LATER = ("pre-install", "post-install"), ("pre-upgrade", "post-upgrade")
OURS = {"pre": "pre-deploy", "post": "post-deploy"}
ENDINGS = {"hook-succeeded": "succeeded", "hook-failed": "failed"}
# What a chart may have as a hook that nothing runs: it is there when the hooks run, whatever its weight.
CONFIGURATION = ("ConfigMap", "Secret", "PersistentVolumeClaim", "ServiceAccount")


@dataclass(slots=True)
class Made(Located):
    """Of a template. Where it stands in what was rendered tells nobody anything."""

    def place(self, *path: str | int) -> str:
        thing = mapping(self.value)
        kind, name = thing.get("kind"), mapping(thing.get("metadata")).get("name")
        named = f": {kind} `{name}`" if isinstance(kind, str) and isinstance(name, str) else ""
        return f"{self.file}{named}" + (f": {'.'.join(map(str, path))}" if path else "")


def objects_of(output: str, mistakes: list[str]) -> list[Made]:
    """What is wrong is left out, and added to the mistakes."""
    budget, found = Budget(), []
    source = "the chart"
    for document in _DOCUMENT.split(output):
        said = _SOURCE.match(document)
        source = said[1].strip() if said else source
        for one in objects_in(document, f"{source} (rendered)", str, mistakes, budget, last_wins=True):
            found.append(Made(source, _without_nulls(one.value)))
    return found


def with_hooks(made: Sequence[Made], first: bool, keeps: bool, mistakes: list[str]) -> list[Made]:
    """Those that this release has. `first`: no release was live before. `keeps`: the engine keeps what later releases
    of a chart have no more."""
    jobs: list[tuple[str, int, str, Made]] = []
    found = []
    for one in made:
        events = _events(one)
        if mapping(inner(one.value, "metadata").get("annotations")).get(HELM_POLICY) == "keep":
            _label(one)
        if not events:
            found.append(one)
            continue
        active = [event for event in events if event in (FIRST if first else LATER)]
        kind = mapping(one.value).get("kind")
        if kind == "Job" and len(active) == 1:
            jobs.append((active[0].partition("-")[0], _weight(one), str(inner(one.value, "metadata").get("name")), one))
            found.append(one)
        elif kind == "Job" and active:
            mistakes.append(f"{one.place()}: is both {' and '.join(active)}; it runs once in a release, make it two")
        elif kind in CONFIGURATION:
            if active or (not keeps and set(events) & {*FIRST, *LATER}):
                found.append(one)
            if not set(events) & set(LATER):
                _label(one)
        elif active:
            mistakes.append(f"{one.place()}: is a hook, and Octopod runs Jobs as hooks; a {kind} is none")
    _rank(jobs)
    return found


def _rank(jobs: Sequence[tuple[str, int, str, Made]]) -> None:
    """Helm runs one after the other: by weight, then by name."""
    for number, (when, _, _, one) in enumerate(sorted(jobs, key=lambda job: job[:3])):
        metadata = one.value["metadata"]
        policy = str(mapping(metadata["annotations"]).get(HELM_DELETE, ""))
        ends = [ENDINGS[word] for word in _words(policy) if word in ENDINGS]
        notes = {HOOK: OURS[when], WEIGHT: str(number)} | ({DELETE: ",".join(ends)} if ends else {})
        metadata["annotations"] = {**metadata["annotations"], **notes}


def _events(one: Made) -> list[str]:
    said = inner(one.value, "metadata", "annotations").get(HELM_HOOK)
    return _words(said) if isinstance(said, str) else []


def _weight(one: Made) -> int:
    """What is no number is 0 for Helm, too."""
    said = str(inner(one.value, "metadata", "annotations").get(HELM_WEIGHT, "0"))
    return int(said) if re.fullmatch(r"[-+]?\d{1,9}", said) else 0


def _label(one: Made) -> None:
    """It stays when later releases have it no more, as it does with Helm."""
    metadata = inner(one.value, "metadata")
    metadata["labels"] = {**mapping(metadata.get("labels")), KEPT: "true"}


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


def _without_nulls(value: Any) -> Any:
    """For Kubernetes they are as good as not there, and templates leave many."""
    if isinstance(value, dict):
        return {key: _without_nulls(one) for key, one in value.items() if one is not None}
    return [_without_nulls(one) for one in value] if isinstance(value, list) else value
