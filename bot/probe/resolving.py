"""Where hosts are, as this machine's resolver says it."""

import asyncio
import errno
import socket
from concurrent.futures import ThreadPoolExecutor

from aiohttp.abc import AbstractResolver, ResolveResult

# As many questions can be stuck at once, while DNS does not answer.
THREADS = 16


class Resolver(AbstractResolver):
    """With threads of its own: while DNS does not answer, they are stuck for a while, and the bot needs its others."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(THREADS, "dns-of-health-checks")

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        # Hosts of this machine are, whatever its resolver knows of them.
        name = "localhost" if host.endswith(".localhost") else host
        loop = asyncio.get_running_loop()
        try:
            found = await loop.run_in_executor(self._threads, _looked_up, name, port, family)
        except RuntimeError as error:
            raise OSError(errno.ENOBUFS, "there are no more threads") from error
        return [
            ResolveResult(hostname=host, host=address, port=port, family=kind, proto=0, flags=_NUMERIC)
            for kind, address in found
        ]

    async def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


_NUMERIC = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV


def _looked_up(host: str, port: int, family: socket.AddressFamily) -> list[tuple[socket.AddressFamily, str]]:
    found = socket.getaddrinfo(host, port, family, socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
    return [(kind, str(address[0])) for kind, _, _, _, address in found]
