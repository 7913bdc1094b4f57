"""Health checks put to a staging, now."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

from bot.domain import naming
from bot.domain.checks import CheckResult, HealthCheck
from bot.domain.errors import PermanentError, TemporaryError
from bot.domain.evidence import Says, Testimony
from bot.domain.model import Desired, Release, Staging
from bot.domain.past import differing
from bot.ports import Checker, CheckFacts
from bot.worker.secrets import Opening

SECRET = "${secret."
STILL_TRUE = timedelta(seconds=2)


class Questions:
    """`pause`: seconds between two tries, where one does not decide."""

    def __init__(self, checker: Checker, opening: Opening, now: Callable[[], datetime], pause: float = 0.5) -> None:
        self._checker, self._opening, self._now, self._pause = checker, opening, now, pause
        self._answers: dict[tuple[str, str, str], CheckResult] = {}
        self._locks: dict[tuple[str, str, str], asyncio.Lock] = {}

    async def ask(self, staging: Staging, check: HealthCheck) -> CheckResult:
        """One try. What secrets it needs is opened for it; what can't be opened is told as `unknown`."""
        release = staging.live or staging.attempt
        try:
            secrets = (await self._opening.of(release)).values if _needs_secrets(check) else {}
        except (PermanentError, TemporaryError) as error:
            return CheckResult(check.name, False, error.text, self._now(), answered=False, unknown=True)
        namespace = naming.namespace(staging.project, staging.name)
        return await self._checker.check(check, CheckFacts(staging.urls, staging.name, namespace, secrets))

    async def testimony(self, staging: Staging | None, check: HealthCheck, ill: Release, called: str) -> Testimony:
        """What a staging says of a check now; `ill`: the release that fails it. `called`: how the witness is named."""
        if staging is None or staging.live is None:
            return Testimony(why=f"{called} has no staging")
        if staging.desired is not Desired.PRESENT or staging.serving != staging.live.id:
            return Testimony(commit=staging.live.commit, staging=staging.name, why=f"{called} is {staging.phase}")
        result = await self._decided(staging, check)
        says = Says.UNKNOWN if result.unknown else Says.PASSES if result.ok else Says.FAILS
        stand = next((one for one in staging.checks if one.check == check.name and one.ok is result.ok), None)
        return Testimony(
            says,
            staging.live.commit,
            differing(staging.live, ill),
            result.at,
            stand.since if stand else result.at,
            result.text,
            staging=staging.name,
            why=result.text if result.unknown else "",
        )

    async def _decided(self, staging: Staging, check: HealthCheck) -> CheckResult:
        """One answer for all who ask at the same time."""
        assert staging.live is not None
        key = (staging.id, staging.live.id, check.name)
        async with self._locks.setdefault(key, asyncio.Lock()):
            known = self._answers.get(key)
            if known is None or self._now() > known.at + STILL_TRUE:
                self._forget()
                self._answers[key] = known = await self._two_alike(staging, check)
        return known

    def _forget(self) -> None:
        old = [key for key, answer in self._answers.items() if self._now() > answer.at + STILL_TRUE]
        for key in old:
            del self._answers[key]
            if not self._locks[key].locked():
                del self._locks[key]

    async def _two_alike(self, staging: Staging, check: HealthCheck) -> CheckResult:
        """A failure counts when it is there twice."""
        first = await self.ask(staging, check)
        if first.ok or first.unknown:
            return first
        await asyncio.sleep(self._pause)
        return await self.ask(staging, check)


def _needs_secrets(check: HealthCheck) -> bool:
    said = [*check.headers.values(), *(check.session.form.values() if check.session else ())]
    return any(SECRET in value for value in said)
