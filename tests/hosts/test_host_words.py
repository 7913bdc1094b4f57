"""What people read on their git host."""

from dataclasses import replace

import pytest
from builders import a_release, a_staging
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.model import Desired, Stage
from bot.hosts.words import code, comment, description

HOSTILE = "`@everyone` ``` <img src=x> | [x](javascript:1)\n/close #1"


def test_what_others_wrote_stays_in_code_spans() -> None:
    release = replace(a_release(stage=Stage.FAILED), subject=HOSTILE, reason=HOSTILE)
    said = comment(replace(a_staging(attempt=release)), None, lambda user: HOSTILE)
    outside = _outside_code(said)
    for part in ("@everyone", "<img", "javascript", "/close", "#1"):
        assert part in said and part not in outside


@given(st.text(max_size=80))
def test_a_code_span_ends_where_it_shall(text: str) -> None:
    said = code(text)
    assert "\n" not in said and "\r" not in said
    fence = said[: len(said) - len(said.lstrip("`"))]
    inner = said[len(fence) : -len(fence)]
    assert said.endswith(fence) and fence
    assert fence not in inner or inner == "", "nothing inside ends it"


@pytest.mark.parametrize("stage", Stage)
@pytest.mark.parametrize("desired", Desired)
def test_one_line_is_short_enough_whatever_happens(stage: Stage, desired: Desired) -> None:
    release = replace(a_release(stage=stage), reason="x" * 500, awaits="y" * 500)
    one = replace(a_staging(attempt=release), desired=desired)
    assert len(description(one)) <= 140
    assert comment(one, "https://slack/thread", lambda user: "").count("<!--") == 1


def _outside_code(text: str) -> str:
    """As CommonMark reads it: a span ends at a run of as many backticks as it began with."""
    out, at = [], 0
    while at < len(text):
        run = len(text[at:]) - len(text[at:].lstrip("`"))
        if run:
            end = at + run
            while (end := text.find("`" * run, end)) >= 0:
                after = len(text[end:]) - len(text[end:].lstrip("`"))
                if after == run:
                    break
                end += after
            assert end >= 0, "a span that does not end"
            at = end + run
        else:
            out.append(text[at])
            at += 1
    return "".join(out)
