"""Requests: what a door could not answer at once, because git or the engine must be asked."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from bot.domain import commands, grammar
from bot.domain.deploying import StillDeleting
from bot.domain.errors import PermanentError, TemporaryError, UserError
from bot.domain.forks import NeedsWord
from bot.domain.project import Project
from bot.domain.pulls import number_of
from bot.ports import Engine, Git, Head
from bot.service import Service
from bot.store import queue
from bot.store.news import Line
from bot.store.queue import Claim, Request
from bot.store.store import Store
from bot.worker.pulls import head_of, unknown
from bot.worker.secrets import Opening

TRIES = 4
DELETING_PATIENCE = timedelta(seconds=60)


class RequestWork:
    line = Line.REQUESTS

    def __init__(
        self,
        service: Service,
        store: Store,
        git: Git,
        engine: Engine,
        checkpoint: Callable[[str], None],
        *,
        opening: Opening,
    ) -> None:
        self._service, self._store, self._git, self._engine, self._checkpoint = service, store, git, engine, checkpoint
        self._opening = opening

    async def claim(self, owner: str, until: datetime, limit: int) -> Sequence[Claim]:
        now = self._service.now()
        async with self._store.write() as connection:
            return await queue.claim(connection, "requests", now, owner, until, limit)

    async def next_due(self) -> datetime | None:
        async with self._store.look() as connection:
            return await queue.next_due(connection, "requests")

    async def superseded(self, claims: Sequence[Claim]) -> Sequence[Claim]:
        return ()

    async def gave_up(self, claim: Claim, error_id: str) -> None:
        request = await self._request(claim)
        await self._service.answer(claim, request, {"answer": "bug", "id": error_id})

    async def perform(self, claim: Claim) -> None:
        request = await self._request(claim)
        self._checkpoint("request-claimed")
        try:
            match grammar.reread(request.command):
                case commands.Deploy() as command:
                    await self._deploy(claim, request, command)
                case commands.Logs() as command:
                    await self._service.answer(claim, request, await self._logs(request, command))
        except StillDeleting as error:
            if self._service.now() - request.received_at < DELETING_PATIENCE:
                raise TemporaryError(error.text, retry_after=0.5) from error
            await self._service.answer(claim, request, _refusal(error))
        except NeedsWord as error:
            await self._service.answer(claim, request, _asked_for_word(error, request))
        except (UserError, PermanentError) as error:
            await self._service.answer(claim, request, _refusal(error))
        except TemporaryError as error:
            if claim.failures + 1 < TRIES:
                raise
            await self._service.answer(claim, request, _refusal(error))

    async def _deploy(self, claim: Claim, request: Request, command: commands.Deploy) -> None:
        project = self._service.project(command.project)
        head = await self._head(project, command)
        commit = await self._git.commit(project, head.commit)
        changed = await self._opening.now(await self._service.secrets_of(project, head, command.name))
        await self._service.deploy(claim, request, command, head, commit, changed)

    async def _head(self, project: Project, command: commands.Deploy) -> Head:
        number = command.pull.number if command.pull else number_of(command.branch or "")
        if number is None:
            assert command.branch, "a saved deploy names its branch or pull request"
            return await self._git.resolve(project, command.branch)
        known, near = await self._service.arriving.pull(project.name, number)
        head = await head_of(self._git, project, number, known)
        if head is None:
            raise unknown(project, number, near)
        return head

    async def _logs(self, request: Request, command: commands.Logs) -> dict[str, Any]:
        staging = await self._service.looking.named(command.project, command.staging)
        found = await self._engine.logs(staging.id, command.workload, command.lines or 50)
        return {"answer": "logs", "name": staging.name, "logs": {name: list(lines) for name, lines in found.items()}}

    async def _request(self, claim: Claim) -> Request:
        async with self._store.look() as connection:
            request = await queue.request(connection, claim.key[0])
        assert request is not None, "a claimed request is never deleted"
        return request


def _asked_for_word(error: NeedsWord, request: Request) -> dict[str, Any]:
    """The same wish with somebody's word, for a button."""
    wish = grammar.reread(request.command)
    assert isinstance(wish, commands.Deploy), "nothing else brings commits"
    return {"answer": "fork", "text": error.text, "command": grammar.render(replace(wish, fork=error.commit))}


def _refusal(error: UserError | PermanentError | TemporaryError) -> dict[str, Any]:
    match error:
        case UserError(text=text, suggestions=suggestions):
            return {"answer": "refusal", "text": text, "suggestions": list(suggestions)}
        case PermanentError(text=text, details=details, next_step=next_step):
            return {"answer": "refusal", "text": f"{text} {next_step}".strip(), "details": list(details)}
        case _:
            return {"answer": "refusal", "text": f"{error.text} Nothing was changed; try again in a minute."}
