"""Rendered objects at rest: Secrets are unreadable, all else is as it was."""

import json

import pytest
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.store.sealing import seal, unseal

OLD, NEW = Fernet(Fernet.generate_key()), Fernet(Fernet.generate_key())
SECRET = {
    "apiVersion": "v1",
    "kind": "Secret",
    "metadata": {"name": "octopod-env"},
    "stringData": {"PAYMENTS_KEY": "live-☃-key"},
    "data": {"TOKEN": "aHVudGVyMg=="},
}
CONFIG = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "octopod-env"}, "data": {"PAYMENTS": "sandbox"}}


def test_secrets_are_unreadable_and_come_back() -> None:
    stored = seal([CONFIG, SECRET], MultiFernet([NEW]))
    assert not [word for word in ("live", "☃", "PAYMENTS_KEY", "aHVudGVyMg", "TOKEN") if word in stored]
    assert "sandbox" in stored
    assert unseal(stored, MultiFernet([NEW])) == [CONFIG, SECRET]


def test_what_was_sealed_is_left_as_it_was() -> None:
    given_secret = json.loads(json.dumps(SECRET))
    seal([given_secret], MultiFernet([NEW]))
    assert given_secret == SECRET


def test_a_secret_without_data_is_fine() -> None:
    empty = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "empty"}}
    assert unseal(seal([empty], MultiFernet([NEW])), MultiFernet([NEW])) == [empty]


def test_after_a_rotation_old_ones_can_be_read_and_new_ones_are_under_the_new_key() -> None:
    old = seal([SECRET], MultiFernet([OLD]))
    rotated = MultiFernet([NEW, OLD])
    assert unseal(old, rotated) == [SECRET]
    assert unseal(seal([SECRET], rotated), MultiFernet([NEW])) == [SECRET]


def test_without_the_key_nothing_is_told() -> None:
    with pytest.raises(InvalidToken):
        unseal(seal([SECRET], MultiFernet([OLD])), MultiFernet([NEW]))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
objects = st.fixed_dictionaries(
    {"kind": st.sampled_from(["Secret", "ConfigMap", "Deployment"])},
    optional={"data": json_values, "stringData": json_values, "spec": json_values},
)


@settings(max_examples=100)
@given(st.lists(objects, max_size=4))
def test_whatever_it_is_comes_back(things: list[dict[str, object]]) -> None:
    keys = MultiFernet([NEW, OLD])
    assert unseal(seal(things, keys), keys) == things
