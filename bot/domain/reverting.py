"""One key of a staging's configuration, back to what it was in an earlier release. Pure."""

from typing import Any

from bot.domain.changes import Change, applied
from bot.domain.configuration import Layer, Overrides, effective, flat, literal
from bot.domain.errors import UserError
from bot.domain.model import Release
from bot.domain.project import Project


def reverted(project: Project, now: Overrides, former: Release, level: str, key: str) -> Change:
    """The change by which this key (of "env" or "values") has the value again that it had in `former`: what people had
    said of it then, or else its value. Raises UserError where that can't be said."""
    was = _value(former.configuration, level, key)
    as_then = _as_said_then(now, former.overrides, level, key)
    if _value(effective(project, applied(now, as_then)), level, key) == was:
        return as_then
    return _said_now(was, level, key)


def taken_back(now: Overrides, level: str, key: str) -> Change:
    """The change by which octopod.yaml and the profiles say again what this key is. Raises UserError."""
    change = _as_said_then(now, Overrides(), level, key)
    if not change:
        raise UserError(f"`{key}` was not changed on this staging: octopod.yaml or a profile says what it is.")
    return change


def _value(layer: Layer, level: str, key: str) -> Any:
    """What is secret is compared by what is meant."""
    if level == "values":
        return dict(flat(layer.values)).get(key)
    return layer.secrets.get(key, layer.env.get(key))


def _as_said_then(now: Overrides, then: Overrides, level: str, key: str) -> Change:
    if level == "values":
        if key in then.values:
            return Change(values=((key, then.values[key]),))
        return Change(unset=(key,)) if key in now.values else Change()
    if key in then.secrets:
        return Change(secrets={key: then.secrets[key]})
    if key in then.env:
        return Change(env=((key, then.env[key]),))
    return Change(unset_env=(key,)) if key in now.env or key in now.secrets else Change()


def _said_now(was: Any, level: str, key: str) -> Change:
    """It came from octopod.yaml, which says something else by now, or from a profile."""
    if was is None:
        raise UserError(f"`{key}` had no value then, and has one by octopod.yaml or a profile: change it there.")
    if level == "env" and not isinstance(was, str):
        raise UserError(f"`{key}` is secret, and its value then is kept where octopod.yaml says: change it there.")
    said = _unescaped(was)
    if literal(said) != was:
        raise UserError(f"`{key}` was made of references (`${{…}}`) in octopod.yaml then: change it there.")
    return Change(env=((key, said),)) if level == "env" else Change(values=((key, said),))


def _unescaped(value: Any) -> Any:
    """The inverse of `literal`, for what holds no references."""
    if isinstance(value, str):
        return value.replace("$${", "${")
    return [_unescaped(one) for one in value] if isinstance(value, list) else value
