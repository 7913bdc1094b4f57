"""Block Kit in few words: escaped, within Slack's limits, and cut where it does not hurt."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.playground.blocks import check_blocks
from bot.slack.blocks import (
    ALL_BLOCKS,
    BLOCKS,
    SECTION,
    actions,
    button,
    code,
    confirm,
    context,
    cut,
    escape,
    fit,
    link,
    mention,
    menu,
    preformatted,
    section,
)

NASTY = "<!channel> & `rm -rf` *b* <@U01ALICE> 🐙"
ANY_LINES = st.lists(st.text(st.characters(codec="utf-8"), max_size=400), max_size=40)


def text_in(block: dict[str, object]) -> str:
    text = block["text"]
    assert isinstance(text, dict)
    return str(text["text"])


def test_what_was_written_cannot_mention_or_link() -> None:
    assert escape("<!channel> & <@U1>") == "&lt;!channel&gt; &amp; &lt;@U1&gt;"
    assert code("a`b`<!here>") == "`aˋbˋ&lt;!here&gt;`"
    assert link("http://x/?a=1&b=2", "a|b>c") == "<http://x/?a=1&amp;b=2|a¦b&gt;c>"


@pytest.mark.parametrize(
    ("user", "shown"),
    [("U01ALICE", "<@U01ALICE>"), ("W9", "<@W9>"), ("clock", "the clock"), ("U1><!channel", "the U1><!channel")],
)
def test_only_slacks_own_ids_become_mentions(user: str, shown: str) -> None:
    assert mention(user) == shown


def test_short_texts_stay_whole() -> None:
    assert cut("x" * 100, 100) == "x" * 100
    assert cut("x" * 101, 100).endswith("… (cut)") and len(cut("x" * 101, 100)) <= 100


@pytest.mark.parametrize("token", ["&amp;", "<http://x.localhost:8080|the link>", "<@U01ALICE>", "<!date^1^{date}|x>"])
@pytest.mark.parametrize("before", range(60, 95))
def test_a_cut_never_halves_a_token(token: str, before: int) -> None:
    shown = cut("x" * before + token + "y" * 50, 100)
    left = shown.removesuffix("… (cut)").lstrip("x").rstrip("y")
    assert left in ("", token) and len(shown) <= 100


@given(st.text(st.characters(codec="utf-8")), st.integers(min_value=20, max_value=300))
def test_a_cut_fits(text: str, limit: int) -> None:
    assert len(cut(escape(text), limit)) <= limit


def test_preformatted_keeps_the_last_lines_and_counts_the_others() -> None:
    shown = text_in(preformatted([f"line {number}" for number in range(1000)]))
    assert shown.endswith("line 999```") and shown.startswith("```… ") and "earlier lines left out\n" in shown
    kept = shown.count("line ")
    assert f"… {1000 - kept} earlier" in shown


def test_a_line_cannot_leave_its_frame() -> None:
    shown = text_in(preformatted(["```", "*not bold* ```<!channel>"]))
    assert shown.count("```") == 2 and "<!channel>" not in shown


@pytest.mark.parametrize("before", range(5))
def test_a_long_line_is_not_cut_inside_an_escape(before: int) -> None:
    shown = text_in(preformatted(["x" * before + "&" * 4000])).strip("`").removesuffix("… (cut)")
    assert shown == "x" * before + "&amp;" * ((len(shown) - before) // 5)


@given(ANY_LINES)
def test_slack_takes_any_lines(lines: list[str]) -> None:
    assert check_blocks([preformatted(lines)]) == []


@given(ANY_LINES)
def test_slack_takes_any_blocks(texts: list[str]) -> None:
    blocks = [section(escape(text)) for text in texts if text] + [context(*texts)] * any(texts)
    assert check_blocks(fit(blocks)) == []


def test_too_many_blocks_and_too_much_text_are_left_out_and_said() -> None:
    many = fit([section("x")] * 80)
    assert len(many) == BLOCKS and "31 more blocks left out" in str(many[-1]) and check_blocks(many) == []
    heavy = fit([section("x" * SECTION)] * 10)
    assert len(str(heavy)) < ALL_BLOCKS + 200 and "more blocks left out" in str(heavy[-1])
    assert fit([section("x")] * BLOCKS) == [section("x")] * BLOCKS


def test_long_labels_fit_their_controls() -> None:
    long = NASTY * 100
    sure = confirm(long, long, long, long)
    row = actions(button(long, "delete", "1", style="danger", confirm=sure), menu("Choose", "choose", [(long, "v")]))
    assert check_blocks([row, section(long, [long] * 12), context(long, "")]) == []
    assert len(menu("Choose", "choose", [("x", str(n)) for n in range(200)])["options"]) == 100
