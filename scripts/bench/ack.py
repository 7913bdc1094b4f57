"""How fast commands are acked, against a listener that only acks: signed HTTP, 50 a second."""

import asyncio
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
from aiohttp import web

from scripts.bench.load import Answers, Typist, acks
from scripts.bench.machine import ROOT, environ
from scripts.bench.playground import LOOPBACK, Playground, free_port, playground
from scripts.bench.report import Row
from scripts.bench.stats import percentile, ratios, spread

RATE, COUNT, WARM = 50, 150, 25
LIST, DEPLOY = "list", "deploy orange-button"
GOAL = 1.5
PERCENTS = (50, 95)


@dataclass(slots=True)
class Samples:
    """By percentile, one per round."""

    found: dict[int, list[float]] = field(default_factory=lambda: {percent: [] for percent in PERCENTS})

    def add(self, times: Sequence[float]) -> None:
        for percent, values in self.found.items():
            values.append(percentile(times, percent))


def measure(folder: Path, rounds: int) -> list[Row]:
    with playground(folder) as play:
        play.say(DEPLOY)
        play.wait_phase("live", 1, 60)
        return asyncio.run(_measured(play, rounds))


async def _measured(play: Playground, rounds: int) -> list[Row]:
    bare, listed, deployed = Samples(), Samples(), Samples()
    settled: list[float] = []
    answers = Answers()
    async with _sink(answers) as url, aiohttp.ClientSession() as session, _bare(play) as port:
        typist = await _typist(play, session, url)
        for _ in range(2):  # connections and code are warm then
            await _until_up(session, port)
            for each in (port, play.bot_port):
                await acks(session, each, typist, LIST, RATE, WARM)
        for done in range(1, rounds + 1):
            bare.add(await acks(session, port, typist, LIST, RATE, COUNT))
            listed.add(await acks(session, play.bot_port, typist, LIST, RATE, COUNT))
            deployed.add(await acks(session, play.bot_port, typist, DEPLOY, RATE, COUNT))
            start = time.perf_counter()
            await answers.reached(done * COUNT)  # the next round begins when the work of this one is over
            settled.append(time.perf_counter() - start)
    over = Row("ack", f"{COUNT} no-op deploys, from the last ack to the last answer", spread(settled), "s")
    return [*_rows(bare, listed, LIST), *_rows(bare, deployed, "no-op deploy"), over]


def _rows(bare: Samples, ours: Samples, what: str) -> list[Row]:
    rows = []
    for percent in PERCENTS:
        theirs, mine = bare.found[percent], ours.found[percent]
        rows += [
            Row("ack", f"p{percent} of {what}", spread(mine), "ms"),
            Row("ack", f"p{percent} of a bare listener", spread(theirs), "ms"),
            Row("ack", f"p{percent} of {what} / bare", spread(ratios(mine, theirs)), goal=GOAL),
        ]
    return rows


@asynccontextmanager
async def _sink(answers: Answers) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_post("/", answers.handle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, LOOPBACK, port).start()
    yield f"http://{LOOPBACK}:{port}/"
    await runner.cleanup()


@asynccontextmanager
async def _bare(play: Playground) -> AsyncIterator[int]:
    port = free_port()
    env = {**environ(), "SLACK_SIGNING_SECRET": play.env()["SLACK_SIGNING_SECRET"]}
    process = subprocess.Popen([sys.executable, "-m", "scripts.bench.bare", str(port)], cwd=ROOT, env=env)  # noqa: ASYNC220
    try:
        yield port
    finally:
        process.terminate()
        await asyncio.to_thread(process.wait)


async def _typist(play: Playground, session: aiohttp.ClientSession, response_url: str) -> Typist:
    env = play.env()
    token = {"Authorization": f"Bearer {env['SLACK_BOT_TOKEN']}"}
    async with session.post(env["SLACK_API_URL"] + "auth.test", headers=token) as answer:
        team = (await answer.json())["team_id"]
    async with session.get(f"http://{LOOPBACK}:{play.port}/_workspace/state") as answer:
        state = await answer.json()
    user = next(each["id"] for each in state["users"] if each["name"] == "alice")
    channel = next(each["id"] for each in state["channels"] if each["name"] == "stagings")
    return Typist(env["SLACK_SIGNING_SECRET"].encode(), team, user, channel, response_url)


async def _until_up(session: aiohttp.ClientSession, port: int) -> None:
    for _ in range(200):
        try:
            async with session.get(f"http://{LOOPBACK}:{port}/"):
                return
        except aiohttp.ClientConnectorError:
            await asyncio.sleep(0.05)
    raise TimeoutError("the bare listener does not start")
