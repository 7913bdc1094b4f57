"""`${…}` in manifests and configuration: what each name means, and text filled with it. `$${` is a literal `${`."""

import difflib
import hashlib
import hmac
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from bot.domain import naming
from bot.ports import EngineFacts, RenderFacts
from bot.render.located import Mistake

GENERATED = re.compile("generated[.][A-Za-z][A-Za-z0-9_-]{0,39}")
REFERENCE = re.compile(r"\$\$\{|\$\{([^}]*)\}|\$\{")
NO_IMAGE = "none"


class Meanings(dict[str, Any]):
    """By name. `generated.NAME` is made of the staging's seed when it is asked for: the same each time, and nobody who
    does not know the seed can tell it."""

    def __init__(self, names: Mapping[str, Any], seed: str) -> None:
        super().__init__(names)
        self._seed = seed

    def __missing__(self, name: str) -> str:
        if not self._seed or not GENERATED.fullmatch(name):
            raise KeyError(name)
        return hmac.new(self._seed.encode(), name.encode(), hashlib.sha256).hexdigest()[:32]


def meanings(facts: RenderFacts, engine: EngineFacts) -> Meanings:
    """Every name that a manifest may refer to. Raises Mistake for a wrong reference in `image:`."""
    plain = Meanings({**_names(facts), "namespace": facts.namespace, "baseline": facts.baseline}, facts.seed)
    for name, host in facts.hosts.items():
        plain[f"host.{name}"] = naming.without_port(host)
        plain[f"url.{name}"] = naming.url(facts.scheme, host)
    image = own_image(facts)
    if image:
        plain["image"] = image
    elif engine.name == "local":  # it runs commands, not images
        plain["image"] = NO_IMAGE
    return plain


def filled(value: Any, meaning: Mapping[str, Any], mistakes: list[str], path: str = "octopod.yaml: values") -> Any:
    """The same with the references in its texts filled in. Mistakes are added as `path: text`."""
    if isinstance(value, Mapping):
        return {key: filled(one, meaning, mistakes, f"{path}.{key}") for key, one in value.items()}
    if isinstance(value, list):
        return [filled(one, meaning, mistakes, f"{path}.{index}") for index, one in enumerate(value)]
    try:
        return fill(value, meaning) if isinstance(value, str) else value
    except Mistake as mistake:
        mistakes.append(f"{path}: {mistake}")
        return value


def flat(values: Mapping[str, Any], prefix: str = "values.") -> Iterator[tuple[str, Any]]:
    """`values.web.replicas`, and `values.web` as a whole."""
    for key, value in values.items():
        yield f"{prefix}{key}", value
        if isinstance(value, Mapping):
            yield from flat(value, f"{prefix}{key}.")


def own_image(facts: RenderFacts) -> str | None:
    """`image:` of the project, filled. Raises Mistake for a wrong reference in it."""
    return str(fill(facts.image, _names(facts))) if facts.image else None


def _names(facts: RenderFacts) -> dict[str, str]:
    """What `image:` may refer to."""
    return {"staging": facts.name, "project": facts.project, "branch": facts.branch, "commit": facts.commit}


def fill(text: str, meaning: Mapping[str, Any]) -> Any:
    """A text that is one whole reference takes the value with its type. Raises Mistake for an unknown name."""
    whole = REFERENCE.fullmatch(text)
    if whole and whole[1] is not None:
        return _meant(whole[1], meaning)
    return REFERENCE.sub(lambda found: _part(found, meaning), text)


def _part(found: re.Match[str], meaning: Mapping[str, Any]) -> str:
    if found[0] == "$${":
        return "${"
    if found[1] is None:
        raise Mistake("`${` without its `}`; write `$${` if you mean the characters")
    return str(_meant(found[1], meaning))


def _meant(name: str, meaning: Mapping[str, Any]) -> Any:
    with suppress(KeyError):
        return meaning[name]
    if name.startswith("values."):
        known = sorted(one for one in meaning if one.startswith("values."))
        hint = f"there is {', '.join(known)}" if known else "the project has no `values:`"
        raise Mistake(f"`${{{name}}}` has no value; {hint}")
    if name == "image":
        raise Mistake("`${image}` is used, but the project has no `image:` in octopod.yaml")
    close = difflib.get_close_matches(name, meaning, n=1)
    hint = f"; did you mean `${{{close[0]}}}`?" if close else f"; there is {', '.join(sorted(meaning))}"
    raise Mistake(f"`${{{name}}}` is unknown{hint}")
