"""What happens in the example repository is told to the bot, as a git host does: signed, and in one try."""

import hashlib
import hmac
import json
from pathlib import Path
from time import perf_counter

import aiohttp

from bot.playground.model import Json
from bot.playground.record import Entry, Record

PATH = "/webhooks/generic"
SECONDS = aiohttp.ClientTimeout(total=5)


class Webhook:
    """`port`: the bot's. `secret`: what it knows as OCTOPOD_WEBHOOK_SECRET. `repository`: as octopod.yaml has it."""

    def __init__(self, port: int, secret: str, repository: Path, record: Record) -> None:
        self._url = f"http://127.0.0.1:{port}{PATH}"
        self._secret, self._repository, self._record = secret.encode(), repository, record

    async def tell(self, what: Json) -> bool:
        """Whether the bot heard it. If not, it finds out by looking."""
        body = {"repo": str(self._repository), **what}
        raw = json.dumps(body).encode()
        signature = hmac.new(self._secret, raw, hashlib.sha256).hexdigest()
        start = perf_counter()
        try:
            async with (
                aiohttp.ClientSession(timeout=SECONDS) as session,
                session.post(self._url, data=raw, headers={"X-Octopod-Signature": f"sha256={signature}"}) as response,
            ):
                answer, error = await response.text(), "" if response.ok else f"status {response.status}"
        except (aiohttp.ClientError, TimeoutError):
            answer, error = "", "the bot does not answer"
        ms = (perf_counter() - start) * 1000
        self._record.add(Entry("to_bot", "webhook", PATH, body, answer, ms, error))
        return not error
