"""When a git host is asked for CI."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.asking import GENTLY, answered, awaited, heard, put_off
from bot.domain.hearsay import CiRun, CiState

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
RUN = CiRun("a" * 40, CiState.RUNNING, "Image")


@given(st.lists(st.tuples(st.sampled_from(["ask", "hear", "fail"]), st.booleans()), max_size=30))
def test_it_is_never_asked_more_often_than_is_gentle(steps: list[tuple[str, bool]]) -> None:
    now, one, pauses = NOW, awaited(NOW), []
    for step, scarce in steps:
        match step:
            case "ask":
                now = max(now, one.next_look)
                one, _ = answered(one, [RUN], now, scarce=scarce)
                pauses.append((one.next_look - now, scarce))
            case "hear":
                before = one.next_look
                one = heard(one, now)
                assert one.next_look >= max(before, now + GENTLY.heard)
            case _:
                one = put_off(one, now + GENTLY.refused)
    assert all(pause >= GENTLY.first for pause, _ in pauses)
    assert all(pause == GENTLY.heard for pause, scarce in pauses if scarce)
    assert all(pause <= GENTLY.longest for pause, scarce in pauses if not scarce)


def test_only_what_has_changed_is_news() -> None:
    one, news = answered(awaited(NOW), [RUN], NOW, scarce=False)
    assert news == [RUN]
    one, news = answered(one, [RUN], NOW + timedelta(minutes=1), scarce=False)
    assert news == []
    failed = CiRun("a" * 40, CiState.FAILED, "Image")
    assert answered(one, [RUN, failed], NOW, scarce=False)[1] == [failed]
