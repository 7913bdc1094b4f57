"""Snapshots of the baseline's data, brought to the pods that wait for them.

The bot is between the two, so that neither staging needs to reach the other, or knows a password of it. A file arrives
whole or not at all: it is written beside its place, counted, and moved. Whoever tries again begins a file of its own.

In the container that waits:   PATH.wanted  it makes this when it needs the file
                               PATH.begun   somebody has begun to bring it
                               PATH         there when the file is whole
                               PATH.refused why there will be none
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from secrets import token_hex

import structlog

from bot.domain.errors import OctopodError, PermanentError, TemporaryError
from bot.kube import words
from bot.kube.client import Kube
from bot.kube.command import Command, running
from bot.kube.outputs import redactor_for
from bot.kube.snapshots import Giver, Wanted, giver_of, wanted_by
from bot.kube.standing import Seen

log = structlog.get_logger()
PAUSE, TRIES = 2.0, 3
# As `sh` runs them; $1 is the path, $2 names the try. A file that is there already is not written again.
TAKE = """\
[ ! -e "$1" ] || exit 0
until [ -e "$1.wanted" ]; do sleep 1; done
rm -f "$1".part-*
: >"$1.begun"
echo wanted
exec cat >"$1.part-$2"
"""
KEEP = """\
n=0
until have=$(wc -c <"$1.part-$2") && [ "$have" -eq "$3" ]; do
  [ $n -lt 30 ] || { echo "only $have of $3 bytes were written; there may be no room for more" >&2; exit 1; }
  n=$((n + 1))
  sleep 1
done
mv "$1.part-$2" "$1"
"""
REFUSE = 'printf "%s\\n" "$2" >"$1.refused.part" && mv "$1.refused.part" "$1.refused"'


class Bringing:
    """`seen`: what there is of a staging by now. `secrets`: the bot's own, which no reason repeats. `patience`: for how
    many seconds what is not ready yet is waited for."""

    def __init__(
        self,
        kube: Kube,
        seen: Callable[[str], Seen],
        now: Callable[[], datetime],
        secrets: Callable[[], frozenset[str]],
        patience: float,
    ) -> None:
        self._kube, self._seen, self._now, self._secrets = kube, seen, now, secrets
        self._patience = timedelta(seconds=patience)
        self._tasks: dict[str, tuple[str, asyncio.Task[None]]] = {}

    def look(self, seen: Seen) -> None:
        """Bring what a pod of this staging has begun to wait for; once for each pod, and only as long as it waits."""
        wanted = wanted_by(seen)
        uid, task = self._tasks.get(seen.staging, ("", None))
        if task and (wanted is None or wanted.uid != uid):
            task.cancel()
            del self._tasks[seen.staging]
        if wanted and wanted.uid != uid:
            self._tasks[seen.staging] = wanted.uid, asyncio.create_task(self._serve(wanted))

    async def close(self) -> None:
        tasks = [task for _, task in self._tasks.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _serve(self, wanted: Wanted) -> None:
        try:
            why = await self._brought(wanted)
            if why:
                log.info("a snapshot can't be brought", pod=wanted.container.pod, why=why)
                await _run(self._kube, wanted, REFUSE, why)
        except OctopodError as error:
            log.info("nor can that be told", pod=wanted.container.pod, why=error.text)
        except Exception:
            log.exception("bringing a snapshot failed", pod=wanted.container.pod)

    async def _brought(self, wanted: Wanted) -> str:
        """Why it can't be, if it can't."""
        until = (wanted.since or self._now()) + self._patience
        attempt = 0
        while True:
            attempt += 1
            try:
                await self._bring(wanted, giver_of(self._seen(wanted.baseline), wanted.of))
                return ""
            except TemporaryError as error:
                if self._now() >= until and attempt >= TRIES:
                    return error.text
            except PermanentError as error:
                return error.text
            await asyncio.sleep(PAUSE)

    async def _bring(self, wanted: Wanted, giver: Giver) -> None:
        attempt = token_hex(4)
        command = _shell(TAKE, wanted.path, attempt)
        async with running(self._kube, wanted.container, command, words.taking(wanted.path), given=True) as taking:
            if await taking.first() is None:
                return taking.check()  # it has it already
            log.info("a snapshot is brought", source=giver.container.pod, target=wanted.container)
            length = await self._passed_on(giver, taking)
            await taking.end_input()
            # What was passed on need not have arrived yet.
            await _run(self._kube, wanted, KEEP, attempt, str(length))

    async def _passed_on(self, giver: Giver, taking: Command) -> int:
        """How many bytes."""
        length = 0
        what = words.giving(giver.container.namespace, giver.command[0])
        async with running(self._kube, giver.container, giver.command, what) as giving:
            async for piece in giving.output():
                await _given(taking, piece)
                length += len(piece)
            try:
                giving.check()
            except (PermanentError, TemporaryError) as error:
                redactor = await redactor_for(self._kube, giver.container.namespace, self._secrets())
                raise type(error)(redactor.text(error.text)) from error
        return length


async def _given(taking: Command, piece: bytes) -> None:
    """Why nobody takes it any more is told by whoever took it."""
    try:
        await taking.give(piece)
    except OSError:
        with suppress(OSError):
            async for _ in taking.output():
                pass
        taking.check()
        raise


async def _run(kube: Kube, wanted: Wanted, script: str, *arguments: str) -> None:
    asked = _shell(script, wanted.path, *arguments)
    async with running(kube, wanted.container, asked, words.taking(wanted.path)) as command:
        async for _ in command.output():
            pass
        command.check()


def _shell(script: str, *arguments: str) -> tuple[str, ...]:
    return ("sh", "-c", script, "sh", *arguments)
