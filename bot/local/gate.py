"""How many processes start at the same time: fifty stagings at once must not starve each other on two cores."""

import asyncio


class Turn:
    """The right to be starting. It ends by `leave`, or by itself after a while: slow starters hold up nobody."""

    def __init__(self, slots: asyncio.Semaphore, seconds: float) -> None:
        self._slots = slots
        self._left = False
        self._timer = asyncio.get_running_loop().call_later(seconds, self.leave)

    def leave(self) -> None:
        if not self._left:
            self._left = True
            self._timer.cancel()
            self._slots.release()


class Gate:
    """First come, first served."""

    def __init__(self, width: int, seconds: float) -> None:
        self._slots = asyncio.Semaphore(width)
        self._seconds = seconds

    async def enter(self) -> Turn:
        await self._slots.acquire()
        return Turn(self._slots, self._seconds)
