"""The table and the JSON lines."""

import json

import pytest

from scripts.bench.report import Row, json_line, number, table
from scripts.bench.stats import spread

SLOW = Row("ack", "p95 of list / bare", spread([2.0, 1.0, 4.0]), goal=1.5)
QUICK = Row("live", "more than by hand", spread([0.123, 0.25]), "s", goal=0.3)
ONCE = Row("memory", "RSS", spread([81.25]), "MB")


def test_the_table() -> None:
    assert table([SLOW, QUICK, ONCE]).splitlines() == [
        "| measurement             |  median |   min–max | n |     goal |             |",
        "|-------------------------|--------:|----------:|--:|---------:|-------------|",
        "| ack: p95 of list / bare |       2 |       1–4 | 3 |   ≤ 1.50 | **not met** |",
        "| live: more than by hand |  0.19 s | 0.12–0.25 | 2 | ≤ 0.30 s | met         |",
        "| memory: RSS             | 81.2 MB |           | 1 |          |             |",
    ]


def test_a_goal_is_met_by_the_median() -> None:
    assert SLOW.met is False
    assert QUICK.met is True
    assert ONCE.met is None


def test_a_json_line_stands_alone() -> None:
    line = json_line(SLOW, {"commit": "abc", "cores": 2})
    assert "\n" not in line
    assert json.loads(line) == {
        "group": "ack",
        "name": "p95 of list / bare",
        "unit": "",
        "median": 2.0,
        "low": 1.0,
        "high": 4.0,
        "rounds": 3,
        "goal": 1.5,
        "met": False,
        "commit": "abc",
        "cores": 2,
    }


@pytest.mark.parametrize(
    ("value", "said"), [(0, "0"), (24.0, "24"), (1.5, "1.50"), (12.34, "12.3"), (776.4, "776"), (-1.758, "-1.76")]
)
def test_numbers_have_three_digits_that_count(value: float, said: str) -> None:
    assert number(value) == said
