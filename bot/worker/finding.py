"""The finding target: what broke a staging is found out, and told."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from bot.domain import witness
from bot.domain.events import Found, Target
from bot.domain.finding import Cause, Confidence, Finding, find
from bot.domain.model import WitnessOf
from bot.explaining import Case
from bot.service import Service
from bot.store import queue
from bot.store.news import Line
from bot.store.queue import Claim
from bot.store.store import Store
from bot.worker.gathering import Gathering

TRIES = 3


class FindingWork:
    line = Line.FINDING

    def __init__(self, service: Service, store: Store, gathering: Gathering) -> None:
        self._service, self._store, self._gathering = service, store, gathering

    async def claim(self, owner: str, until: datetime, limit: int) -> Sequence[Claim]:
        async with self._store.write() as connection:
            return await queue.claim(connection, "targets", self._service.now(), owner, until, limit, Target.FINDING)

    async def next_due(self) -> datetime | None:
        async with self._store.look() as connection:
            return await queue.next_due(connection, "targets", Target.FINDING)

    async def superseded(self, claims: Sequence[Claim]) -> Sequence[Claim]:
        return ()

    async def gave_up(self, claim: Claim, error_id: str) -> None:
        """That it broke is told in any case."""
        case = await self._service.explaining.case(claim.staging)
        unknown = Finding(Cause.UNKNOWN, Confidence.GUESS, case.symptom) if case else None
        await self._service.explaining.found(claim, claim.staging, Found(unknown) if unknown else None)

    async def perform(self, claim: Claim) -> None:
        explaining = self._service.explaining
        case = await explaining.case(claim.staging)
        if case is None:
            return await explaining.found(claim, claim.staging, None)
        facts = await self._gathering.facts(case, patient=claim.failures < TRIES)
        finding = replace(find(facts), words=facts.shared)
        await explaining.found(claim, claim.staging, Found(finding))
        await self._call_witnesses(case, finding, facts.base)

    async def _call_witnesses(self, case: Case, finding: Finding, base: str) -> None:
        """What would tell more is tried by itself, where the project wants that."""
        for of, offer in witness.OFFERS.items():
            if offer in finding.offers and (base or of is WitnessOf.SAME_COMMIT):
                await self._service.witnessing.auto(case.staging.id, of, base)
