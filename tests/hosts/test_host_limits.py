"""How long a host wants nothing to be asked."""

from collections.abc import Mapping

import pytest

from bot.hosts.limits import pause, scarce

NOW = 1_800_000_000.0
GONE = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1800000120", "X-RateLimit-Limit": "5000"}


@pytest.mark.parametrize(
    ("status", "headers", "body", "wait"),
    [
        pytest.param(200, {}, "", None, id="nothing-said"),
        pytest.param(200, {"X-RateLimit-Remaining": "1"}, "", None, id="some-left"),
        pytest.param(200, GONE, "", 121.0, id="the-last-one"),
        pytest.param(403, GONE, "API rate limit exceeded", 121.0, id="used-up"),
        pytest.param(429, {"Retry-After": "7"}, "", 7.0, id="a-wish"),
        pytest.param(403, {"Retry-After": "30"}, "secondary", 30.0, id="a-wish-by-403"),
        pytest.param(403, {}, "You have exceeded a secondary rate limit.", 60.0, id="secondary-without-a-wish"),
        pytest.param(403, {}, "Resource not accessible by integration", None, id="a-right-is-missing"),
        pytest.param(404, {}, "", None, id="not-there"),
        pytest.param(429, {}, "", 60.0, id="too-many-and-no-more-said"),
        pytest.param(429, {"RateLimit-Remaining": "0", "RateLimit-Reset": "1800000010"}, "", 11.0, id="gitlab"),
        pytest.param(429, {"Retry-After": "99999999"}, "", 3600.0, id="no-host-waits-for-days"),
        pytest.param(200, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "5"}, "", 1.0, id="clocks-differ"),
        pytest.param(429, {"Retry-After": "soon"}, "", 60.0, id="an-unreadable-wish"),
    ],
)
def test_how_long_is_waited(status: int, headers: Mapping[str, str], body: str, wait: float | None) -> None:
    assert pause(status, headers, body, NOW) == wait


def test_few_left_is_a_tenth() -> None:
    assert scarce({"X-RateLimit-Limit": "5000", "X-RateLimit-Remaining": "499"})
    assert not scarce({"X-RateLimit-Limit": "5000", "X-RateLimit-Remaining": "500"})
    assert not scarce({})
