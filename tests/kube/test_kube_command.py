"""Commands in containers: how they end, whatever the connection does. The API server here is ours."""

import json
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from api_kit import Answer, an_api, refusing, streaming

from bot.domain.errors import PermanentError, TemporaryError
from bot.kube.command import PROTOCOL, running
from bot.kube.errors import ApiRefused
from bot.kube.pods import Container

DB = Container("n", "db-0", "postgres")
PATH = "/api/v1/namespaces/n/pods/db-0/exec"
WELL = {"status": "Success"}
BADLY = {
    "status": "Failure",
    "reason": "NonZeroExitCode",
    "details": {"causes": [{"reason": "ExitCode", "message": "4"}]},
}
LOST = {"status": "Failure", "reason": "InternalError", "message": "container not found"}


def saying(*said: tuple[int, bytes], result: dict[str, Any] | None = None, protocol: str = PROTOCOL) -> Answer:
    """What a container says on which channel, and how its command ended, if that is told."""

    async def answer(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(protocols=(protocol,))
        await socket.prepare(request)
        for channel, data in said:
            await socket.send_bytes(bytes([channel]) + data)
        if result is not None:
            await socket.send_bytes(b"\x03" + json.dumps(result).encode())
        await socket.close()
        return socket

    return answer


async def ran(folder: Path, answer: Answer) -> bytes:
    async with an_api(folder, streaming()) as (api, kube):
        api.answers[PATH] = answer
        async with running(kube, DB, ["pg_dump", "--format=custom"], "The dump") as command:
            found = [piece async for piece in command.output()]
            command.check()
        [asked] = api.asked
        assert asked.query.getall("command") == ["pg_dump", "--format=custom"]
        assert asked.query["container"] == "postgres" and asked.headers["Authorization"] == "Bearer secret"
        return b"".join(found)


async def test_what_it_writes_is_told_whole(tmp_path: Path) -> None:
    said = saying((1, b""), (1, b"\x00\xff"), (2, b"a warning"), (1, b"more"), result=WELL)
    assert await ran(tmp_path, said) == b"\x00\xffmore"


@pytest.mark.parametrize(
    ("answer", "raised", "text"),
    [
        (
            saying((1, b"half"), (2, b"no such table\n"), result=BADLY),
            PermanentError,
            "exited with code 4: no such table",
        ),
        (saying((1, b"half"), result=LOST), TemporaryError, "The dump was broken off: container not found"),
        (saying((1, b"half"), (2, b"oh")), TemporaryError, "The dump was broken off: the connection ended: oh"),
        (saying(result=WELL, protocol="v4.channel.k8s.io"), TemporaryError, f"does not speak {PROTOCOL}"),
        (refusing(403, "Forbidden"), ApiRefused, "Pod `db-0`: exec: the bot's account may not do that"),
        (refusing(404, "NotFound"), TemporaryError, "Pod `db-0`: exec"),
        (refusing(500, "InternalError"), TemporaryError, "Pod `db-0`: exec"),
    ],
)
async def test_whatever_is_not_its_good_end_is_an_error(
    tmp_path: Path, answer: Answer, raised: type[Exception], text: str
) -> None:
    with pytest.raises(raised) as caught:
        await ran(tmp_path, answer)
    assert text in str(caught.value)


async def test_it_is_given_its_input_and_then_the_end_of_it(tmp_path: Path) -> None:
    given: list[bytes] = []

    async def answer(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(protocols=(PROTOCOL,))
        await socket.prepare(request)
        await socket.send_bytes(b"\x01wanted\n")
        while (given or [b""])[-1] != b"\xff\x00":
            given.append(await socket.receive_bytes())
        await socket.send_bytes(b"\x03" + json.dumps(WELL).encode())
        return socket

    async with an_api(tmp_path, streaming()) as (api, kube):
        api.answers[PATH] = answer
        async with running(kube, DB, ["cat"], "Taking", given=True) as command:
            assert await command.first() == b"wanted\n"
            await command.give(b"\x00a")
            await command.end_input()
            assert await command.first() is None
            command.check()
    assert given == [b"\x00\x00a", b"\xff\x00"]
