"""Who is believed: whoever signed these very bytes with one of the secrets, or sent one; nobody else."""

import hashlib
import hmac

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bot.forge.signatures import bearer, known, signed

NEW, OLD = "new-0123456789abcdef", "old-0123456789abcdef"
BODY = b'{"ref": "refs/heads/main"}'


def signature(body: bytes, secret: str = NEW) -> str:
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def test_the_example_of_githubs_documentation() -> None:
    right = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    assert signed(b"Hello, World!", right, ["It's a Secret to Everybody"])


def test_either_secret_counts_while_they_are_rotated() -> None:
    assert all(signed(BODY, signature(BODY, secret), [NEW, OLD]) for secret in (NEW, OLD))
    assert not signed(BODY, signature(BODY, OLD), [NEW])


@pytest.mark.parametrize(
    "given", ["", "sha256=", "sha1=00", signature(BODY)[7:], signature(BODY) + " ", "sha256=\udcff"]
)
def test_what_is_no_signature_is_refused(given: str) -> None:
    assert not signed(BODY, given, [NEW])


@given(st.binary(max_size=40), st.binary(max_size=40))
def test_a_changed_body_is_refused(body: bytes, other: bytes) -> None:
    assert signed(body, signature(body), [NEW])
    assert signed(other, signature(body), [NEW]) == (body == other)


@given(st.integers(0, len(signature(BODY)) - 1), st.characters())
def test_a_changed_signature_is_refused(at: int, character: str) -> None:
    right = signature(BODY)
    wrong = right[:at] + character + right[at + 1 :]
    assume(wrong != right)
    assert not signed(BODY, wrong, [NEW])


def test_tokens() -> None:
    assert known(OLD, [NEW, OLD]) and bearer(f"Bearer {NEW}", [NEW]) and bearer(f"bearer  {NEW}", [NEW])
    assert not any(known(token, [NEW]) for token in ("", NEW[:-1], NEW + "0", NEW.upper(), "\udcff"))
    assert not any(bearer(header, [NEW]) for header in ("", NEW, f"Basic {NEW}", "Bearer", f"Bearer {OLD}"))


def test_without_a_secret_nobody_is_believed() -> None:
    assert not signed(BODY, signature(BODY, ""), []) and not known("", []) and not bearer("Bearer ", [])
