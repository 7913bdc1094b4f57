"""How long a host wants nothing to be asked, as its answers say. Pure.

https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
https://docs.gitlab.com/security/rate_limits/
"""

from collections.abc import Mapping

LONGEST = 3600.0  # so long are GitHub's windows; GitLab's are shorter
USUAL = 60.0
SCARCE = 0.1


def pause(status: int, headers: Mapping[str, str], body: str, now: float) -> float | None:
    """Seconds until the next request; None: it may come at once. `now`: seconds since 1970, as hosts count."""
    wish, left = _number(headers.get("Retry-After")), _of(headers, "Remaining")
    if status < 400:
        return _until_reset(headers, now) if left == 0 else None
    limited = status == 429 or (status == 403 and (wish is not None or left == 0 or "rate limit" in body.lower()))
    if not limited:
        return None
    if wish is not None:
        return min(wish, LONGEST)
    return _until_reset(headers, now) if left == 0 else USUAL


def scarce(headers: Mapping[str, str]) -> bool:
    """Few are left of those that a window has."""
    limit, left = _of(headers, "Limit"), _of(headers, "Remaining")
    return bool(limit) and limit is not None and left is not None and left < limit * SCARCE


def _until_reset(headers: Mapping[str, str], now: float) -> float:
    """A second more, as clocks differ."""
    reset = _of(headers, "Reset")
    return USUAL if reset is None else min(max(reset - now, 0.0) + 1.0, LONGEST)


def _of(headers: Mapping[str, str], name: str) -> float | None:
    """GitHub's are called X-RateLimit-…, GitLab's RateLimit-…."""
    return _number(headers.get(f"X-RateLimit-{name}", headers.get(f"RateLimit-{name}")))


def _number(text: str | None) -> float | None:
    return float(text) if text and text.isascii() and text.isdigit() else None
