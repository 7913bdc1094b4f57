"""Where secret values are looked for, and what is said when they are not there."""

from collections.abc import Mapping

import pytest

from bot.domain.configuration import place_of
from bot.domain.errors import PermanentError
from bot.domain.project import SecretPlace
from bot.environment import Places


async def beside(name: str) -> Mapping[str, str]:
    if name != "payments":
        raise PermanentError(f"There is no Secret `{name}` in namespace `octopod`.")
    return {"live-key": "s3cret", "empty": ""}


PLACES = Places({"KEY": "k", "EMPTY": ""}, beside)


@pytest.mark.parametrize(("place", "value"), [("env:KEY", "k"), ("payments/live-key", "s3cret")])
async def test_values_are_found(place: str, value: str) -> None:
    assert await PLACES.read(place_of(place)) == value
    assert str(place_of(place)) == place


@pytest.mark.parametrize(
    ("place", "said"),
    [
        (SecretPlace("NONE"), "The bot's own environment has no variable `NONE`."),
        (SecretPlace("EMPTY"), "The bot's own environment has no variable `EMPTY`."),
        (SecretPlace("x", "payments"), "The Secret `payments` in the bot's namespace has no key `x`."),
        (SecretPlace("empty", "payments"), "The Secret `payments` in the bot's namespace has no key `empty`."),
        (SecretPlace("x", "nobody"), "There is no Secret `nobody` in namespace `octopod`."),
    ],
)
async def test_what_is_missing_says_where_it_was_looked_for(place: SecretPlace, said: str) -> None:
    with pytest.raises(PermanentError) as caught:
        await PLACES.read(place)
    assert caught.value.text == said


async def test_the_local_engine_has_no_secrets_beside_it() -> None:
    with pytest.raises(PermanentError, match="with engine: local only env:NAME can be used"):
        await Places({}, None).read(SecretPlace("x", "payments"))
