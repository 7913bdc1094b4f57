"""Failures on demand: a test says what shall go wrong, and how often. Forgotten when the stand-in stops."""

import asyncio
import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

DROP = 0
WHEN = ("before", "after")


@dataclass(slots=True)
class Fault:
    """`status`: what is answered; DROP: the connection is cut without an answer. `error`: answered as `ok: false`.

    `when`: before (nothing is done) or after (done, but the answer is another). `times`: how often it still happens.
    """

    method: str
    when: str
    status: int | None
    error: str | None
    retry_after: int
    delay_ms: float
    times: int


class Faults:
    """At most one per method and moment; `*` means every call of the bot (the Web API and response URLs)."""

    def __init__(self) -> None:
        self._set: dict[tuple[str, str], Fault] = {}
        self._closed = asyncio.Event()

    def set(self, spec: Mapping[str, Any]) -> Fault:
        """As `POST /_workspace/fault` has it. `times: 0` clears the method's faults, for `*` all of them.

        Raises ValueError that says what is wrong with it.
        """
        fault = _read(spec)
        if fault.times:
            self._set[fault.method, fault.when] = fault
        else:
            gone = [key for key in self._set if fault.method in (key[0], "*")]
            for key in gone:
                del self._set[key]
        return fault

    def take(self, method: str, *, wildcard: bool = True) -> Fault | None:
        """The fault that happens to this call, counted."""
        for name in (method, "*") if wildcard else (method,):
            for when in WHEN:
                if fault := self._set.get((name, when)):
                    fault.times -= 1
                    if not fault.times:
                        del self._set[name, when]
                    return fault
        return None

    async def pause(self, fault: Fault) -> None:
        """The delay that was asked for, cut short when the stand-in stops."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._closed.wait(), fault.delay_ms / 1000)

    def close(self) -> None:
        self._closed.set()


def _read(spec: Mapping[str, Any]) -> Fault:
    known = {"method", "when", "status", "error", "retry_after", "delay_ms", "times"}
    if unknown := set(spec) - known:
        raise ValueError(f"unknown: {', '.join(sorted(unknown))}; known are {', '.join(sorted(known))}")
    if not isinstance(spec.get("method"), str) or not spec["method"]:
        raise ValueError("method is missing: a method of the Web API, *, response_url or socket")
    if spec.get("when", "before") not in WHEN:
        raise ValueError("when must be before or after")
    return Fault(
        method=spec["method"],
        when=spec.get("when", "before"),
        status=_status(spec),
        error=spec.get("error"),
        retry_after=int(spec.get("retry_after", 1)),
        delay_ms=float(spec.get("delay_ms", 0)),
        times=int(spec.get("times", 1)),
    )


def _status(spec: Mapping[str, Any]) -> int | None:
    """Unsaid: 500 before, a lost answer after, 200 where an `error` is named."""
    status = spec.get("status")
    if status == "drop":
        return DROP
    if status is None:
        return 200 if spec.get("error") else 500 if spec.get("when", "before") == "before" else DROP
    if not isinstance(status, int) or not (status == DROP or 200 <= status <= 599):
        raise ValueError("status must be an HTTP status, or 0 or drop for a cut connection")
    return status
