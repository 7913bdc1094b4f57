"""A story: people at the stand-in for Slack, the real bot as a process, the example shop as a real repository."""

import hashlib
import hmac
import json
import sqlite3
import subprocess
from collections.abc import Awaitable, Callable, Collection
from contextlib import closing
from pathlib import Path
from typing import Any

from case_engines import Engine
from git_kit import ENVIRON, until
from standin_kit import Json, Workspace, messages_in
from talk_kit import Seen

ROOT = Path(__file__).parents[2]
SECONDS = 60.0
Tell = Callable[..., Awaitable["Story"]]
ALERTS = "stagings-alerts"
UNFINISHED = {
    "stagings": "deleted_at IS NULL",
    "requests": "done_at IS NULL",
    "targets": "wanted > done",
    "notices": "sent_at IS NULL AND dropped_at IS NULL",
}


class Story:
    """`repository`: the bare one that people push to. `data`, `port`: the bot's. `project`: its name,
    `channel`: where its cards are."""

    def __init__(self, slack: Workspace, engine: Engine, repository: Path, data: Path, port: int, project: str) -> None:
        self.slack, self.engine, self.repository = slack, engine, repository
        self.data, self.port, self.project, self.channel = data, port, project, "stagings"

    def beside(self, project: str, repository: Path, channel: str) -> "Story":
        """That of another project, with the same bot."""
        story = Story(self.slack, self.engine.of(project), repository, self.data, self.port, project)
        story.channel = channel
        return story

    # --- what people do

    async def say(self, user: str, text: str) -> str:
        """A command, and the first that the person is then told privately."""
        known = {message.ts for message in await self.private(user)}
        done = await self.slack.post("command", user=user, channel=self.channel, text=text)
        assert done["ok"], done

        def told(state: Json) -> Any:
            return next((m for m in _private(state, user) if m.ts not in known), None)

        seen: Seen = await self.until(told, f"an answer to {text!r}")
        return seen.text

    async def click(self, user: str, message: Seen, action: str, **more: Any) -> None:
        where = {"user": user, "channel": message.channel, "ts": message.ts, "action_id": action}
        done = await self.slack.post("click", **where, **more)
        assert done["ok"], done

    async def live(self, user: str, branch: str, more: str = "") -> Seen:
        """Deploy it, be told that it is live, and see it on the card. `more`: of the command. The card."""
        await self.engine.built(self.repository, self.head(branch))
        known = await self.known(branch)
        assert f"looking for branch `{branch}`" in await self.say(user, f"/octopod deploy {branch} {more}".strip())
        await self.reply(branch, "Live at", f"http://{branch}.{self.engine.domain}", known=known)
        return await self.card(branch, "live")

    def push(self, branch: str, file: str, old: str, new: str, subject: str) -> str:
        """A commit on a branch, which is made from main if it is new. Returns the commit."""
        work = self.repository.with_name(f"work-{branch}")
        if not work.exists():
            _git(self.repository.parent, "clone", "--quiet", str(self.repository), str(work))
        _git(work, "fetch", "--quiet", "--prune")
        known = _git(work, "branch", "--remotes", "--list", f"origin/{branch}")
        _git(work, "checkout", "--quiet", "-B", branch, f"origin/{branch if known else 'main'}")
        text = (work / file).read_text()
        assert text.count(old) == 1
        (work / file).write_text(text.replace(old, new))
        _git(work, "commit", "--quiet", "--all", f"--message={subject}")
        _git(work, "push", "--quiet", "origin", branch)
        return self.head(branch)

    async def trunk(self, user: str, word: str) -> str:
        """`break` or `mend` main by a commit of this person, which its staging follows. Returns it."""
        known = await self.known("main")
        await self.say(user, f"/playground {word} main")
        commit = self.head("main")
        if word == "break":
            self.engine.fails_by("/login", commit)
        await self.engine.built(self.repository, commit)
        await self.reply("main", "Live at", known=known)
        return commit

    async def healthy(self, name: str) -> None:
        """Its health checks were asked often enough since it is live to count, and none fails."""
        enough = self.engine.asked(name) + 3
        await until(lambda: self.engine.asked(name) >= enough, SECONDS)

    async def host_tells(self, branch: str) -> None:
        """The git host tells the bot where the branch is."""
        told = json.dumps({"repo": str(self.repository), "branch": branch, "commit": self.head(branch)}).encode()
        signature = hmac.new(self.slack.secrets.webhook_secret.encode(), told, hashlib.sha256).hexdigest()
        headers = {"X-Octopod-Signature": f"sha256={signature}"}
        url = f"http://127.0.0.1:{self.port}/webhooks/generic"
        async with self.slack.http.post(url, data=told, headers=headers) as answer:
            assert answer.status == 202, await answer.text()

    def subjects(self, branch: str) -> str:
        """What its commits say, the newest first."""
        return _git(self.repository, "log", "--format=%s", branch)

    def head(self, branch: str) -> str:
        return _git(self.repository, "rev-parse", f"refs/heads/{branch}")

    # --- what can be seen

    async def until(self, condition: Callable[[Json], Any], what: str) -> Any:
        try:
            return await self.slack.until(condition, SECONDS)
        except TimeoutError:
            state = await self.slack.state()
            said = [m["text"] for channel in state["channels"] for m in channel["messages"]]
            raise AssertionError(f"not within {SECONDS} s: {what}; what was said: {said}") from None

    async def private(self, user: str) -> list[Seen]:
        return _private(await self.slack.state(), user)

    async def card(self, name: str, phase: str, *words: str) -> Seen:
        """As soon as it says all that: it is edited once a second at most."""
        said = (f"*{phase}*", *words)

        def says(state: Json) -> Any:
            card = self._card(state, name)
            return card if card and all(word in card.text for word in said) else None

        wanted: Seen = await self.until(says, f"the card of {name} says {said}")
        return wanted

    async def known(self, name: str) -> Collection[str]:
        """What has been said in the thread of its newest card."""
        return {message.ts for message in self._thread(await self.slack.state(), name)}

    async def phase(self, name: str, phase: str) -> bool:
        card = self._card(await self.slack.state(), name)
        return card is not None and f"*{phase}*" in card.text

    async def reply(self, name: str, *words: str, known: Collection[str] = ()) -> Seen:
        """In the thread of its newest card, as soon as it is there; not one of the `known`."""

        def said(state: Json) -> Any:
            thread = (m for m in self._thread(state, name) if m.ts not in known)
            return next((m for m in thread if all(word in m.text for word in words)), None)

        seen: Seen = await self.until(said, f"{words} in the thread of {name}")
        return seen

    async def told(self, user: str, *words: str) -> Seen:
        """Privately, as soon as it is there."""

        def said(state: Json) -> Any:
            return next((m for m in _private(state, user) if all(word in m.text for word in words)), None)

        seen: Seen = await self.until(said, f"{words}, told to {user}")
        return seen

    async def alert(self, *words: str) -> Seen:
        """In the alerts channel or a thread of it."""

        def said(state: Json) -> Any:
            return next((m for m in _public(state, ALERTS) if all(word in m.text for word in words)), None)

        seen: Seen = await self.until(said, f"{words} in #{ALERTS}")
        return seen

    async def alerts(self) -> list[Seen]:
        return _public(await self.slack.state(), ALERTS)

    async def gone(self, name: str) -> None:
        """Told so, and so it is."""
        await self.card(name, "deleted")
        assert await self.engine.left_of(name) == []

    async def at_rest(self) -> None:
        """The bot has nothing to do any more for any staging, and there is none."""
        await until(lambda: self.unfinished() == [], SECONDS)

    def unfinished(self) -> list[str]:
        """Whatever the bot itself still keeps for any staging: files, what is there, what is to be done."""
        left = [str(path) for path in (self.data / "trees").iterdir()]
        with closing(sqlite3.connect(self.data / "octopod.db")) as database:
            for table, there in UNFINISHED.items():
                left += [f"{table}: {row}" for row in database.execute(f"SELECT * FROM {table} WHERE {there}")]
        return left

    def _thread(self, state: Json, name: str) -> list[Seen]:
        card = self._card(state, name)
        return [m for m in _public(state, self.channel) if card and m.raw["thread_ts"] == card.ts]

    def _card(self, state: Json, name: str) -> Seen | None:
        """The newest."""
        cards = [m for m in _public(state, self.channel) if m.raw["by_app"] and not m.raw["thread_ts"]]
        named = [m for m in cards if f" *{name}* " in m.text]
        return max(named, key=lambda card: card.ts, default=None)


def _public(state: Json, channel: str) -> list[Seen]:
    found = messages_in(state, channel)
    return [Seen(channel, m["ts"], m) for m in found if m["ephemeral_to"] is None and not m["deleted"]]


def _private(state: Json, user: str) -> list[Seen]:
    id = next(person["id"] for person in state["users"] if person["name"] == user)
    return [
        Seen(channel["id"], m["ts"], m)
        for channel in state["channels"]
        for m in channel["messages"]
        if m["ephemeral_to"] == id
    ]


def _git(folder: Path, *arguments: str) -> str:
    command = ["git", "-C", str(folder), *arguments]
    return subprocess.run(command, env=ENVIRON, check=True, capture_output=True, text=True).stdout.strip()


# --- the bot ---------------------------------------------------------------------------------------------------------


def octopod_yaml(engine: Engine, project: str, repository: Path, ttl: str, domain: str, follow: str) -> str:
    """`domain`: of its stagings' hosts. `follow`: of the project."""
    return f"""\
engine: {engine.name}
projects:
  {project}:
    repo: {repository}
    source: {{template: web-api}}
    values:
      web: {{command: [python, -m, web.app], health: {{path: /healthz}}}}
      api: {{command: [python, -m, api.app], health: {{path: /healthz}}}}
      migrate: {{command: [python, -m, api.migrate]}}
      data: {{claim: shop-data, storage: 64Mi}}
    hosts: {{web: "${{staging}}.{domain}"}}
    scheme: http
    channel: stagings
    alerts: {ALERTS}
    ttl: {ttl}
    follow: {follow}
    env: {{PAYMENTS: sandbox}}
{engine.yaml}"""
