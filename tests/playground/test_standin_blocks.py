"""Whatever an app sends as blocks or as a view, the check says what is wrong with it and never breaks."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.playground.blocks import KEYS as BLOCK_KEYS
from bot.playground.blocks import check_blocks, check_view, with_ids
from bot.playground.controls import Refused, elements, missing, state
from bot.playground.elements import KEYS as ELEMENT_KEYS

NAMES = sorted({key for keys in [*BLOCK_KEYS.values(), *ELEMENT_KEYS.values()] for key in keys} | {"type", "block_id"})
TYPES = sorted({*BLOCK_KEYS, *ELEMENT_KEYS, "plain_text", "mrkdwn", "modal", "home", "rich_text"})
PLAIN = st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(TYPES)
TEXT = st.fixed_dictionaries({"type": st.sampled_from(["plain_text", "mrkdwn"]), "text": st.text(max_size=3)})
KEY = st.sampled_from(NAMES)


def typed(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Objects with a type that exists, and anything else in them."""
    return st.builds(lambda kind, rest: rest | {"type": kind}, st.sampled_from(TYPES), st.dictionaries(KEY, inner))


JSON = st.recursive(
    PLAIN | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEY, inner, max_size=4) | typed(inner),
    max_leaves=12,
)
BLOCKS = st.lists(typed(JSON) | st.dictionaries(KEY, JSON, max_size=4), max_size=3) | JSON
VIEWS = (
    st.fixed_dictionaries({"type": st.sampled_from(["modal", "home"]), "blocks": BLOCKS}, optional={"title": TEXT})
    | JSON
)


@settings(max_examples=100)
@given(BLOCKS)
def test_blocks_are_accepted_or_refused(blocks: Any) -> None:
    if check_blocks(blocks):
        return
    made = with_ids(blocks)
    assert all(block["block_id"] for block in made)
    try:
        values = state(made, {})
    except Refused:
        return
    assert set(missing(made, values)) <= {block["block_id"] for block in made}
    assert all(element["action_id"] for _, element in elements(made))


@settings(max_examples=50)
@given(VIEWS)
def test_views_are_accepted_or_refused(view: Any) -> None:
    if not check_view(view):
        assert with_ids(view["blocks"]) is not None
