"""What Slack is told: cards, progress, notices and App Homes, the most important first, as fast as Slack allows."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import structlog

from bot.domain.errors import MessageGone, PermanentError
from bot.domain.events import Notice, Target, Where
from bot.domain.model import Stage
from bot.looking import Found
from bot.ports import Chat, Letter, Posted, Slot
from bot.service import Service
from bot.store import outbox, queue, releases, stagings
from bot.store.news import Line
from bot.store.outbox import Outgoing
from bot.store.queue import Claim
from bot.store.releases import Progress
from bot.store.store import Store
from bot.store.turns import Urgency
from bot.worker.pump import Pace

log = structlog.get_logger()
LOOK_AT = 400
TRIES_OF_A_BUG = 5


class SlackWork:
    """One message per slot (method and channel) at a time, so they arrive in the order in which they are sent."""

    line = Line.SLACK

    def __init__(
        self, service: Service, store: Store, chat: Chat, checkpoint: Callable[[str], None], pace: Pace
    ) -> None:
        self._service, self._store, self._chat = service, store, chat
        self._checkpoint, self._pace = checkpoint, pace
        self._busy: dict[Claim, str] = {}
        self._chosen: dict[str, Outgoing] = {}

    async def claim(self, owner: str, until: datetime, limit: int) -> Sequence[Claim]:
        chosen, self._chosen = self._chosen, {}
        claims: list[Claim] = []
        async with self._store.write(Urgency.MESSAGE) as connection:
            for slot, item in list(chosen.items())[:limit]:
                now = self._service.now()
                claim = await queue.claim_this(connection, item.table, item.key, now, owner, until)
                if claim:
                    self._busy[claim] = slot
                    claims.append(claim)
        return claims

    async def next_due(self) -> datetime | None:
        """The end of a back-off or of the pace of edits; what waits for Slack's limits is due when they allow it.

        What may go now is kept for `claim`.
        """
        now = self._service.now()
        async with self._store.look() as connection:
            waiting = await outbox.outgoing(connection, now, LOOK_AT)
        slots = [(self._slot(item), item) for item in waiting]
        free = [(slot, item) for slot, item in slots if slot.name not in self._busy.values()]
        self._chosen = _first_of_each_slot(free)
        if self._chosen:
            return now
        async with self._store.look() as connection:
            later = await outbox.next_due(connection, now)
        times = [now + timedelta(seconds=slot.wait) for slot, _ in free]
        return min([*times, *([later] if later else [])], default=None)

    async def superseded(self, claims: Sequence[Claim]) -> Sequence[Claim]:
        return ()

    async def gave_up(self, claim: Claim, error_id: str) -> None:
        """A message that cannot be made must not block those behind it."""
        async with self._store.write(Urgency.MESSAGE) as connection:
            if claim.failures + 1 < TRIES_OF_A_BUG:
                later = self._service.now() + timedelta(seconds=self._pace.longest_retry)
                await queue.put_back(connection, claim, later, error_id, known=False)
            else:
                await self._drop(claim, error_id)

    async def perform(self, claim: Claim) -> None:
        try:
            if claim.table == "notices":
                await self._notice(claim)
            elif claim.table == "homes":
                await self._home(claim)
            elif claim.key[1] == Target.CARD:
                await self._card(claim)
            else:
                await self._progress(claim)
        except PermanentError as error:
            log.error("Slack refuses a message", key=claim.key, why=error.text)
            await self._drop(claim, error.text)
        finally:
            self._busy.pop(claim, None)

    # --- the four kinds ---------------------------------------------------------------------------------------------

    async def _card(self, claim: Claim) -> None:
        found = await self._service.looking.staging(claim.staging)
        if found is None:
            return await self._finish_target(claim)
        try:
            posted = await self._chat.show_card(found.staging, found.card, unsure=claim.unsure)
        except MessageGone:
            return await self._card_gone(claim, found.staging.id)
        self._checkpoint("card-sent")
        await self._finish_target(claim, card=posted if posted != found.card else None)

    async def _progress(self, claim: Claim) -> None:
        found = await self._service.looking.staging(claim.staging)
        async with self._store.look() as connection:
            unfinished = await releases.unfinished(connection, claim.staging)
        for progress in unfinished if found and found.card else ():
            assert found is not None
            await self._show(found, progress, claim.unsure)
        await self._finish_target(claim)

    async def _show(self, found: Found, progress: Progress, unsure: bool) -> None:
        release, ts = progress.release, progress.ts
        done = not release.stage.under_way
        assert found.card is not None, "progress waits for its card"
        if ts or release.stage is not Stage.SUPERSEDED:
            try:
                posted = await self._chat.show_progress(found.staging, release, found.card, ts, unsure=unsure)
                ts = posted.ts
            except MessageGone:  # somebody took it away; it is not forced on them again
                done = True
        self._checkpoint("progress-sent")
        async with self._store.write(Urgency.MESSAGE) as connection:
            await releases.save_progress(connection, release, ts, done)

    async def _notice(self, claim: Claim) -> None:
        async with self._store.read() as connection:
            letter, staging = await outbox.letter(connection, claim)
        found = await self._service.looking.staging(staging) if staging else None
        if letter.where is Where.THREAD and letter.parent is None:
            return await self._await_card(claim)
        if letter.where.value in outbox.FOLLOWS and letter.parent is None:
            return await self._drop(claim, "its alert was never sent")
        try:
            posted = await self._chat.send(letter, found.staging if found else None, unsure=claim.unsure)
        except MessageGone:
            if letter.where is Where.THREAD and found:
                return await self._card_gone(claim, found.staging.id)
            raise
        except PermanentError as error:
            if letter.where is not Where.OWNER:
                raise
            return await self._in_the_thread(claim, letter, staging, error.text)
        self._checkpoint("notice-sent")
        where = {"channel": posted.channel, "ts": posted.ts} if posted else {}
        async with self._store.write(Urgency.MESSAGE) as connection:
            await queue.finish(connection, claim, self._service.now(), **where)

    async def _in_the_thread(self, claim: Claim, letter: Letter, staging: str | None, why: str) -> None:
        """Its owner can't be told by a direct message, so the thread calls them."""
        now = self._service.now()
        told = Notice(letter.kind, Where.THREAD, letter.facts)
        async with self._store.write(Urgency.MESSAGE) as connection:
            if await queue.finish(connection, claim, now, note=why, dropped_at=now, sent_at=None):
                await queue.add_notices(connection, staging, None, [told], now)

    async def _home(self, claim: Claim) -> None:
        found = await self._service.looking.everything()
        await self._chat.show_home(claim.key[0], [(one.staging, one.card) for one in found])
        now = self._service.now()
        async with self._store.write(Urgency.MESSAGE) as connection:
            await queue.finish(connection, claim, now, due_at=now + timedelta(seconds=self._pace.edits))

    # --- endings -----------------------------------------------------------------------------------------------------

    async def _finish_target(self, claim: Claim, card: Posted | None = None) -> None:
        now = self._service.now()
        async with self._store.write(Urgency.MESSAGE) as connection:
            next_edit = now + timedelta(seconds=self._pace.edits)
            if await queue.finish(connection, claim, now, due_at=next_edit) and card:
                await stagings.save_card(connection, claim.staging, card)

    async def _card_gone(self, claim: Claim, staging: str) -> None:
        """Somebody deleted the card: it is posted anew, and what waited for its thread follows."""
        now = self._service.now()
        async with self._store.write(Urgency.MESSAGE) as connection:
            if await queue.put_back(connection, claim, now, "the card was deleted in Slack", known=True):
                await stagings.save_card(connection, staging, None)
                await queue.want(connection, staging, [Target.CARD], now)

    async def _await_card(self, claim: Claim) -> None:
        """The card vanished after the claim; without a thread there is no place for a reply."""
        now = self._service.now()
        async with self._store.write(Urgency.MESSAGE) as connection:
            await queue.put_back(connection, claim, now, "its card was deleted in Slack", known=True, failed=False)

    async def _drop(self, claim: Claim, why: str) -> None:
        now = self._service.now()
        dropped = {"dropped_at": now, "sent_at": None} if claim.table == "notices" else {}
        async with self._store.write(Urgency.MESSAGE) as connection:
            await queue.finish(connection, claim, now, note=why, **dropped)

    # --- choosing ----------------------------------------------------------------------------------------------------

    def _slot(self, item: Outgoing) -> Slot:
        if item.table == "homes":
            return self._chat.slot_of_homes()
        return self._chat.slot(item.project, item.where, item.posts, item.key)


def _first_of_each_slot(free: Sequence[tuple[Slot, Outgoing]]) -> dict[str, Outgoing]:
    """Of those that Slack's limits do not hold back."""
    chosen: dict[str, Outgoing] = {}
    for slot, item in free:
        if slot.wait <= 0:
            chosen.setdefault(slot.name, item)
    return chosen
