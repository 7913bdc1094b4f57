"""The API server's refusals and failures, as our errors. Pure."""

import json
from collections.abc import Sequence
from typing import Any

from bot.domain.errors import OctopodError, PermanentError, TemporaryError

LONGEST = 600
_TEMPORARY = {408, 429, 500, 502, 503, 504}


class ApiRefused(PermanentError):
    """It understood and will not do it. `status`: of HTTP; `reason`: Kubernetes' own word, such as NotFound.

    `conflicts`: fields that are another manager's, and who that is, in the API server's words.
    """

    def __init__(self, text: str, status: int, reason: str = "", conflicts: Sequence[tuple[str, str]] = ()) -> None:
        super().__init__(text)
        self.status, self.reason, self.conflicts = status, reason, tuple(conflicts)


class ApiTrouble(TemporaryError):
    """It cannot answer now, or not like this. `status`: 0 when nothing came back."""

    def __init__(self, text: str, status: int = 0, reason: str = "", retry_after: float | None = None) -> None:
        super().__init__(text, retry_after)
        self.status, self.reason = status, reason


def refusal(what: str, status: int, body: bytes, retry_after: str | None = None) -> OctopodError:
    """`what` was asked for, such as "Deployment `web`: apply"; `body`: whatever came back, perhaps a proxy's page."""
    told = _status(body)
    reason, message = str(told.get("reason", "")), str(told.get("message", ""))
    if not message:
        message = body.decode(errors="replace").strip()[:200] or "no reason given"
    text = f"{what}: {shortened(message)}"
    if status in _TEMPORARY or _passing(status, reason, told):
        return ApiTrouble(f"{text} ({status})", status, reason, _seconds(retry_after))
    return ApiRefused(text, status, reason, _conflicts(told))


def trouble(what: str, error: Exception) -> ApiTrouble:
    """No answer, or one that cannot be read."""
    said = "no answer in time" if isinstance(error, TimeoutError) else str(error) or type(error).__name__
    return ApiTrouble(f"{what}: the API server can't be reached ({shortened(said)})")


def shortened(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _passing(status: int, reason: str, told: dict[str, Any]) -> bool:
    """Refusals that end by themselves: a namespace that still goes, a concurrent change, a token that is renewed."""
    if status == 401:
        return True
    if status == 403:
        return any(cause.get("reason") == "NamespaceTerminating" for cause in _causes(told))
    if status == 409:
        return not _conflicts(told) and reason != "AlreadyExists"
    return False


def _status(body: bytes) -> dict[str, Any]:
    try:
        told = json.loads(body)
    except ValueError:
        return {}
    return told if isinstance(told, dict) and told.get("kind") == "Status" else {}


def _conflicts(told: dict[str, Any]) -> list[tuple[str, str]]:
    return [
        (str(cause.get("field") or ""), str(cause.get("message") or ""))
        for cause in _causes(told)
        if cause.get("reason") == "FieldManagerConflict"
    ]


def _causes(told: dict[str, Any]) -> list[dict[str, Any]]:
    details = told.get("details")
    causes = details.get("causes") if isinstance(details, dict) else None
    return [cause for cause in causes or [] if isinstance(cause, dict)]


def is_own(body: bytes) -> bool:
    """Whether the API server itself says this, and not somebody behind it."""
    return bool(_status(body))


def _seconds(text: str | None) -> float | None:
    return float(text) if text and text.isdecimal() else None
