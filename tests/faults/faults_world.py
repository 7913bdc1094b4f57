"""A bot as a process, several projects, and people at the stand-in for Slack: what they do, and all that they read."""

import asyncio
import hashlib
import hmac
import json
import re
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
from bot_process import a_bot
from crash_kit import free_port
from faults_app import CHECKS, FILES, YAML
from faults_git import Person, Repository, Work
from stagings_seen import CARD
from standin_kit import Json, Workspace, messages_in, workspace
from talk_kit import Seen

ROOT = Path(__file__).parents[2]
LOOK = 0.4  # seconds between two looks at what was said, at least
PATIENCE = 60.0


@dataclass
class Read:
    """Everything in #stagings and #stagings-alerts, as people read it.

    `phases`: by staging. `threads`: the replies below its card. `alerts`: all versions of each message outside of
    threads, the newest last.
    """

    phases: dict[str, str] = field(default_factory=dict)
    threads: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    alerts: dict[str, list[str]] = field(default_factory=dict)

    def read(self, state: Json) -> None:
        cards = {}
        for message in messages_in(state, "stagings"):
            if message["by_app"] and not message["thread_ts"] and (card := CARD.fullmatch(message["text"])):
                cards[message["ts"]] = card["name"]
                self.phases[card["name"]] = card["phase"]
        self.threads.clear()
        for message in messages_in(state, "stagings"):
            if message["thread_ts"] in cards:
                self.threads[cards[message["thread_ts"]]].append(message["text"])
        for message in messages_in(state, "stagings-alerts"):
            if message["by_app"] and not message["thread_ts"]:
                versions = self.alerts.setdefault(message["ts"], [])
                text = Seen("stagings-alerts", message["ts"], message).text
                if text not in versions[-1:]:
                    versions.append(text)

    def alert(self, name: str) -> list[str]:
        """All versions of the alert about this staging."""
        head = re.compile(rf"\*(<[^|>]*\|)?{re.escape(name)}>?\*")
        return [text for versions in self.alerts.values() for text in versions if head.search(text.partition("\n")[0])]


async def looking(condition: Callable[[], Awaitable[bool]], what: str, pause: float = LOOK) -> None:
    """Again and again, where nothing tells when it is so."""
    for _ in range(int(PATIENCE / pause)):
        if await condition():
            return
        await asyncio.sleep(pause)
    raise AssertionError(f"not within {PATIENCE} s: {what}")


def project_of(staging: str) -> str:
    """It begins with it."""
    return staging.partition("-")[0]


class World:
    """`port`: the bot's."""

    def __init__(self, slack: Workspace, port: int, repositories: Mapping[str, Repository]) -> None:
        self.slack, self.port, self.repositories = slack, port, repositories
        self.seen = Read()
        self._news = asyncio.Condition()

    # --- what people do

    async def say(self, user: str, text: str) -> None:
        done = await self.slack.post("command", user=user, channel="stagings", text=f"/octopod {text}")
        assert done["ok"], f"{text}: {done}"

    async def push(self, project: str, branch: str, work: Sequence[Work], **more: Any) -> str:
        """And the git host tells the bot. Returns the head."""
        repository = self.repositories[project]
        commit = await asyncio.to_thread(lambda: repository.commit(branch, work, **more))
        told = json.dumps({"repo": str(repository.folder), "branch": branch, "commit": commit}).encode()
        signature = hmac.new(self.slack.secrets.webhook_secret.encode(), told, hashlib.sha256).hexdigest()
        headers = {"X-Octopod-Signature": f"sha256={signature}"}
        url = f"http://127.0.0.1:{self.port}/webhooks/generic"
        async with self.slack.http.post(url, data=told, headers=headers) as answer:
            assert answer.status == 202, await answer.text()
        return commit

    async def deployed(self, project: str, branch: str, by: Person, more: str, staging: str) -> None:
        """Live, whatever its pages say."""
        await self.say(by.handle, f"deploy {branch} -p {project} {more}".strip())
        await self.live(staging)

    async def live(self, name: str) -> None:
        await self.until(lambda seen: seen.phases.get(name) in ("live", "broken"), f"{name} is live")

    async def well(self, name: str) -> None:
        """Each of its checks was asked often enough to count, and no page fails."""
        await looking(lambda: self._asked(name), f"{name} is asked for all that is checked")
        for path in CHECKS.values():
            status, text = await self.ask(name, path)
            assert status == 200, f"{name} was to be well, but {path} answers {status}: {text}"

    async def runs(self, name: str, commit: str) -> None:
        """It answers as this commit, from a moment ago on."""

        async def there() -> bool:
            return (await self.ask(name, "/commit"))[1] == commit

        await looking(there, f"{name} runs {commit}", 0.05)

    async def _asked(self, name: str) -> bool:
        status, text = await self.ask(name, "/asked")
        return status == 200 and all(json.loads(text).get(path, 0) >= 3 for path in CHECKS.values())

    async def ask(self, name: str, path: str, body: str | None = None) -> tuple[int, str]:
        """What its application answers; with a body, to a POST."""
        url, headers = f"http://127.0.0.1:{self.port}{path}", {"Host": f"{name}.{project_of(name)}.localhost"}
        method = "GET" if body is None else "POST"
        with suppress(aiohttp.ClientError, TimeoutError):
            async with self.slack.http.request(method, url, data=body, headers=headers) as answer:
                return answer.status, await answer.text()
        return 0, ""

    async def removed(self, name: str, project: str) -> None:
        await self.say("carol", f"delete {name} -p {project} --now")

    # --- what can be read

    async def until(self, condition: Callable[[Read], Any], what: str, seconds: float = PATIENCE) -> Any:
        """What the condition finds, as soon as it finds something. Raises AssertionError."""
        found = await self.within(condition, seconds)
        assert found, f"not within {seconds} s: {what}; phases: {self.seen.phases}"
        return found

    async def within(self, condition: Callable[[Read], Any], seconds: float) -> Any:
        """The same; what it finds then, if it found nothing before."""
        async with self._news:
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._news.wait_for(lambda: condition(self.seen))
            return condition(self.seen)

    async def reads(self) -> None:
        """Until cancelled: whoever waits is told of what is new."""
        since = -1
        while True:
            state = await self.slack.state(since, 10)
            since = state["seq"]
            self.seen.read(state)
            async with self._news:
                self._news.notify_all()
            await asyncio.sleep(LOOK)


@asynccontextmanager
async def a_world(folder: Path, projects: Sequence[str], witnesses: str) -> AsyncIterator[World]:
    """Each project with its baseline live. The bot ends as it is told to, and never had a bug."""
    port = free_port()
    repositories = {name: Repository(folder / f"{name}.git", f"{name}-trunk", FILES) for name in projects}
    text = [
        YAML.format(project=name, repository=one.folder, baseline=one.baseline, witnesses=witnesses)
        for name, one in repositories.items()
    ]
    (folder / "octopod.yaml").write_text("engine: local\nprojects:\n" + "".join(text))
    async with AsyncExitStack() as stack:
        slack = await stack.enter_async_context(workspace(folder / "slack", bot_port=port))
        await stack.enter_async_context(a_bot(folder, port, slack))
        world = World(slack, port, repositories)
        reading = asyncio.create_task(world.reads())
        try:
            for one in repositories.values():
                await world.live(one.baseline)
                await world.well(one.baseline)
            yield world
        finally:
            reading.cancel()
            await asyncio.wait([reading])
