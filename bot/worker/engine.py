"""The engine target: whatever the staging's newest facts ask of the engine, done again from the start if need be."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import structlog

from bot.domain import naming
from bot.domain.errors import PermanentError, UserError
from bot.domain.events import Applied, Event, ReleaseFailed, Slept, Target, UrlAnswered, Wiped
from bot.domain.forks import seen_by
from bot.domain.known import Learned
from bot.domain.model import Desired, Release, Stage, Staging
from bot.domain.project import Helm, Project
from bot.domain.pulls import from_fork
from bot.domain.redaction import secrets_of
from bot.ports import Engine, Git, Images, Prober, ReleaseOrder, Renderer, RenderFacts
from bot.service import Rendered, Service
from bot.store import queue
from bot.store.news import Line
from bot.store.queue import Claim
from bot.store.store import Store
from bot.worker.images import ImageLook
from bot.worker.secrets import Opened, Opening

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Probing:
    """How long, in seconds, a URL is asked before the release fails, and the first and the longest pause between."""

    seconds: float = 60.0
    first: float = 0.1
    longest: float = 2.0


class EngineWork:
    """`trees`: a folder for exported files, ours alone. `checkpoint` names the places where tests end the process."""

    line = Line.ENGINE

    def __init__(
        self,
        service: Service,
        store: Store,
        git: Git,
        renderer: Renderer,
        engine: Engine,
        prober: Prober,
        trees: Path,
        checkpoint: Callable[[str], None],
        probing: Probing = Probing(),
        images: Images | None = None,
        *,
        opening: Opening,
    ) -> None:
        self._service, self._store, self._git, self._renderer = service, store, git, renderer
        self._engine, self._prober, self._trees = engine, prober, trees
        self._checkpoint, self._probing = checkpoint, probing
        self._look, self._opening = ImageLook(images, renderer), opening

    async def claim(self, owner: str, until: datetime, limit: int) -> Sequence[Claim]:
        now = self._service.now()
        async with self._store.write() as connection:
            return await queue.claim(connection, "targets", now, owner, until, limit, Target.ENGINE)

    async def next_due(self) -> datetime | None:
        async with self._store.look() as connection:
            return await queue.next_due(connection, "targets", Target.ENGINE)

    async def superseded(self, claims: Sequence[Claim]) -> Sequence[Claim]:
        async with self._store.look() as connection:
            wanted = await queue.wanted(connection, [(claim.key[0], claim.key[1]) for claim in claims])
        return [claim for claim in claims if wanted.get((claim.key[0], claim.key[1]), 0) > claim.wanted]

    async def gave_up(self, claim: Claim, error_id: str) -> None:
        found = await self._service.looking.staging(claim.staging)
        reason = f"An error in Octopod itself stopped it (id {error_id}). Its log says more."
        await self._service.done(claim, ReleaseFailed(found.staging.attempt.id, reason) if found else None)

    async def perform(self, claim: Claim) -> None:
        found = await self._service.looking.staging(claim.staging)
        self._checkpoint("engine-claimed")
        event = await self._reconciled(claim, found.staging) if found else None
        self._checkpoint("engine-done")
        await self._service.done(claim, event)

    async def _reconciled(self, claim: Claim, staging: Staging) -> Event | None:
        if staging.deleted_at:
            return None
        if staging.desired is Desired.ABSENT and not staging.resting:
            await self._engine.remove(staging.id)
            self._checkpoint("removed")
            return None
        release = staging.attempt
        try:
            if staging.resting:
                return await self._at_rest(staging)
            if (staging.waking or release.stage) is Stage.READY:
                answer = await self._probed(staging, release)
                self._checkpoint("probed")
                return answer
            if release.stage in (Stage.FAILED, Stage.SUPERSEDED):
                if staging.live:
                    await self._rolled_out(claim, staging, staging.live)
                return None
            if staging.waking:
                return await self._woken(claim, staging, release)
            return await self._rolled_out(claim, staging, release)
        except PermanentError as error:
            return ReleaseFailed(release.id, error.text, error.details, error.next_step)
        except UserError as error:  # octopod.yaml has its project no more
            return ReleaseFailed(release.id, error.text)

    async def _at_rest(self, staging: Staging) -> Event | None:
        if staging.desired is Desired.RESET and staging.asleep_at:
            await self._engine.wipe(staging.id)
            self._checkpoint("wiped")
            project = self._service.projects.get(staging.project)  # it may have left octopod.yaml
            if project and isinstance(project.source, Helm):
                # What it made for an update has no hooks that seed an empty database.
                await self._service.forget_objects(staging.attempt.id)
            return Wiped()
        asleep = await self._engine.sleep(staging.id)
        self._checkpoint("slept")
        return Slept() if asleep else None

    async def _woken(self, claim: Claim, staging: Staging, release: Release) -> Event | None:
        """Exactly what ran: the objects as they were rendered then, not as they would be today."""
        objects = await self._service.objects(release.id)
        if objects is None:
            return await self._rolled_out(claim, staging, release)
        project = self._service.project(staging.project)
        try:
            async with self._exported(project, release) as tree:
                facts = await self._facts(project, staging, release, Opened(), "")
                return await self._applied(facts, release, objects, tree)
        except PermanentError as error:
            known = {str(number): value for number, value in enumerate(secrets_of(objects))}
            raise Opened(known).hidden(error) from None

    async def _rolled_out(self, claim: Claim, staging: Staging, release: Release) -> Event | None:
        """None when the claim was lost."""
        missing = await self._look.before_files(release, staging.project)
        if missing:
            return missing
        opened = await self._opening.of(release)
        try:
            return await self._put_on(claim, staging, release, opened)
        except PermanentError as error:
            raise opened.hidden(error) from None

    async def _put_on(self, claim: Claim, staging: Staging, release: Release, opened: Opened) -> Event | None:
        project = self._service.project(staging.project)
        async with self._exported(project, release) as tree:
            facts = await self._facts(project, staging, release, opened, await self._service.seed(staging.id))
            objects = await self._objects(staging, release, tree, facts)
            rendered = Rendered(release.id, objects, claims_of(objects), opened.marked)
            if not await self._service.rendered(claim, staging.id, rendered):
                return None
            self._checkpoint("rendered")
            missing = await self._look.before_apply(release, facts, objects)
            if missing:
                return missing
            return await self._applied(facts, release, objects, tree)

    async def _applied(
        self, facts: RenderFacts, release: Release, objects: Sequence[dict[str, Any]], tree: Path
    ) -> Event:
        what = (facts.staging, facts.name, facts.project, release.id, release.commit)
        image = self._renderer.image(facts) or ""
        baseline = await self._service.looking.baseline(facts.project)
        other = baseline.id if baseline and facts.baseline else ""
        fork = from_fork(release.branch)
        await self._engine.apply(ReleaseOrder(*what, objects, tree, image, "" if fork else other, fork))
        self._checkpoint("applied")
        return Applied(release.id)

    @asynccontextmanager
    async def _exported(self, project: Project, release: Release) -> AsyncIterator[Path]:
        tree = self._trees / release.id
        try:
            await self._git.export(project, release.commit, tree)
            self._checkpoint("exported")
            yield tree
        finally:
            await asyncio.to_thread(shutil.rmtree, tree, ignore_errors=True)

    async def _facts(
        self, project: Project, staging: Staging, release: Release, opened: Opened, seed: str
    ) -> RenderFacts:
        baseline = await self._service.looking.baseline(project.name)
        return RenderFacts(
            staging=staging.id,
            release=release.id,
            name=staging.name,
            project=project.name,
            branch=release.branch,
            commit=release.commit,
            namespace=naming.namespace(project.name, staging.name),
            source=project.source,
            # Not as octopod.yaml has them now: people were told these.
            hosts={name: urlsplit(url).netloc for name, url in staging.urls.items()},
            scheme=urlsplit(staging.url or "").scheme or project.scheme,
            image=project.image,
            baseline="" if baseline and baseline.id in (staging.id, staging.witness_for) else project.baseline,
            env=release.env,
            values=release.values,
            secrets=opened.values,
            secrets_mark=opened.mark,
            kinds=frozenset(seen_by(project, release.branch).kinds),
            seed=seed,
            first=staging.live is None or staging.live.id == release.id,
        )

    async def _objects(
        self, staging: Staging, release: Release, tree: Path, facts: RenderFacts
    ) -> Sequence[dict[str, Any]]:
        """A chart may make something else each time, as passwords, so each release has what it made at first."""
        made = await self._service.objects(release.id) if isinstance(facts.source, Helm) else None
        if made:
            return made
        objects = await self._renderer.render(tree, facts, self._engine.facts)
        if not staging.witness_for:  # that may be of an older commit than its branch is at
            await self._learn(tree, facts)
        return objects

    async def _learn(self, tree: Path, facts: RenderFacts) -> None:
        """For suggestions only, so whatever goes wrong here keeps no release from going on."""
        try:
            learned = Learned(repr(facts.source), await self._renderer.known(tree, facts))
            await self._service.learned(facts.project, facts.branch, learned)
        except Exception:
            log.exception("what values there are could not be learned", project=facts.project, branch=facts.branch)

    async def _probed(self, staging: Staging, release: Release) -> Event:
        """Ask the main URL until it answers, its answer is final, or the time is over."""
        how = self._service.project(staging.project).url_probe
        namespace = naming.namespace(staging.project, staging.name)
        url = staging.url or ""
        pause, answer = self._probing.first, "nothing was asked yet"
        with suppress(TimeoutError):
            async with asyncio.timeout(self._probing.seconds):
                while True:
                    result = await self._prober.probe(url, how, namespace)
                    if result.ok:
                        return UrlAnswered(release.id, result.text)
                    answer = result.text
                    if result.final:
                        return ReleaseFailed(release.id, f"{url} answers, but not as a live staging should: {answer}")
                    await asyncio.sleep(pause)
                    pause = min(pause * 1.5, self._probing.longest)
        waited = f"for {self._probing.seconds:g} s"
        return ReleaseFailed(release.id, f"All is ready, but {url} did not answer {waited}: {answer}")


def claims_of(objects: Sequence[dict[str, Any]]) -> list[str]:
    """Where a release keeps data: its claims, and those that a StatefulSet makes for each of its pods."""
    found = [thing["metadata"]["name"] for thing in objects if thing["kind"] == "PersistentVolumeClaim"]
    for thing in objects:
        if thing["kind"] == "StatefulSet":
            templates = thing["spec"].get("volumeClaimTemplates") or []
            found += [f"{one['metadata']['name']}-{thing['metadata']['name']}" for one in templates]
    return sorted(found)
