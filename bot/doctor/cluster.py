"""The cluster: can it be reached, is it new enough, and may the bot do there what it does."""

import asyncio
import re
from collections.abc import Iterable, Mapping, Sequence

from bot.doctor.checking import check
from bot.doctor.report import Answer, unseen
from bot.domain.errors import PermanentError
from bot.kube.client import Kube
from bot.kube.connect import Access, Connection, connect
from bot.kube.copying import pull_configs, texts_of
from bot.kube.kinds import NAMESPACE, ROUTE, Kind
from bot.kube.labels import OURS
from bot.kube.rights import AT_HOME, EVERYWHERE, IN_STAGINGS, Right, is_account, of_further

REACHED, RIGHTS = "cluster", "cluster rights"
# The first with ValidatingAdmissionPolicy, which fences the bot's account.
OLDEST = (1, 30)
AT_ONCE = 8
ACCESS_STEP = "See that KUBECONFIG names a cluster that this machine reaches, with credentials that it takes."
KINDS_STEP = "See that the cluster answers, and that the bot's account may look up its APIs (system:discovery)."
RIGHTS_STEP = "Run kubectl apply -k manifests/bot, or give the bot's account these rights yourself."
FURTHER_STEP = "Give them by ClusterRoles of your own, as docs/configuration.md shows under “Kinds of your own”."
GROUPS = {right.group for right in (*EVERYWHERE, *IN_STAGINGS)} | {ROUTE.group}


async def cluster(access: Access, reads_secrets: bool, kinds: Sequence[tuple[str, str]] = ()) -> list[Answer]:
    """`reads_secrets`: whether any project needs those beside the bot. `kinds`: those that projects allow, as
    apiVersion and kind."""
    found: list[Connection] = []

    async def open_one() -> str:
        found.append(await connect(access))
        return await _greeted(Kube(found[0]))

    reached = await check(REACHED, open_one, ACCESS_STEP)
    try:
        if not reached.well:
            return [reached, unseen(RIGHTS, REACHED)]
        kube = Kube(found[0])
        known: list[Kind] = []
        looked = [await _known(kube, Kind(*kind), known) for kind in dict.fromkeys(kinds)]
        await _known(kube, ROUTE, known)  # who has no Gateway API needs none
        return [reached, *looked, *await _rights(kube, reads_secrets, dict.fromkeys(known))]
    finally:
        for connection in found:
            await connection.close()


async def pulled_by(access: Access, names: Sequence[str]) -> Mapping[str, str]:
    """What is in those of these Secrets that images are pulled by. Raises OctopodError."""
    if not names:
        return {}
    connection = await connect(access)
    try:
        return await pull_configs(Kube(connection), names)
    finally:
        await connection.close()


async def beside(access: Access, name: str) -> Mapping[str, str]:
    """What is in the Secret of this name in the bot's own namespace. Raises OctopodError."""
    connection = await connect(access)
    try:
        return await texts_of(Kube(connection), name)
    finally:
        await connection.close()


async def _greeted(kube: Kube) -> str:
    version, who = await asyncio.gather(kube.version(), kube.whoami())
    numbers = re.match(r"v(\d+)\.(\d+)", version)
    if numbers is None or (int(numbers[1]), int(numbers[2])) < OLDEST:
        text = f"Kubernetes {version} is too old for the policy that fences the bot"
        raise PermanentError(text, next_step="Use Kubernetes 1.30 or newer.")
    return f"Kubernetes {version}, as {who}"


async def _known(kube: Kube, kind: Kind, known: list[Kind]) -> Answer:
    """Whether the cluster has it, in namespaces."""

    async def look() -> str:
        found = await kube.find(kind)
        if found is None or not found.namespaced:
            said = "is not known to the cluster" if found is None else "is no kind of single namespaces"
            raise PermanentError(said, next_step="Install what brings it, or take it out of kinds: in octopod.yaml.")
        known.append(found)
        return f"the cluster keeps it as {found.plural}"

    return await check(f"kind {kind.version}/{kind.name}", look, KINDS_STEP)


async def _rights(kube: Kube, reads_secrets: bool, further: Iterable[Kind]) -> list[Answer]:
    """One answer per resource and place.

    What manifests/bot gives in the namespaces of stagings is given when they are made, so it is asked in one that is
    there; an account of another kind must have it everywhere.
    """
    more = [of_further(kind) for kind in further]
    everywhere = (*EVERYWHERE, *(look for look, _ in more))
    in_stagings = (*IN_STAGINGS, *(write for _, write in more))
    asked: list[tuple[str, str, Right]] = [("", "everywhere", right) for right in everywhere]
    if reads_secrets:
        asked += [(kube.home, f"in namespace {kube.home}", right) for right in AT_HOME]
    places: list[tuple[str, str]] = []
    looked = await check(RIGHTS, lambda: _places(kube, places), RIGHTS_STEP)
    asked += [(namespace, place, right) for namespace, place in places for right in in_stagings]
    few = asyncio.Semaphore(AT_ONCE)
    answers = await asyncio.gather(*(_right(kube, few, *one) for one in asked))
    return [*answers, looked]


async def _places(kube: Kube, places: list[tuple[str, str]]) -> str:
    """Where the rights that stagings need are asked for."""
    if not is_account(await kube.whoami()):
        places.append(("", "everywhere, as this is no service account"))
        return "in the namespaces of stagings the bot has what it has everywhere"
    known, _ = await kube.list(NAMESPACE, which=[("labelSelector", OURS)], metadata=True)
    if not known:
        return "in the namespaces of stagings they are given as these are made; there is none yet"
    newest = max(known, key=lambda one: str(one["metadata"].get("creationTimestamp")))
    name = newest["metadata"]["name"]
    places.append((name, f"in namespace {name}"))
    return "in the namespaces of stagings they are given as these are made"


async def _right(kube: Kube, few: asyncio.Semaphore, namespace: str, place: str, right: Right) -> Answer:
    async def ask() -> str:
        async with few:
            may = await asyncio.gather(*(kube.allowed(one) for one in right.questions(namespace)))
        if missing := _refused(right.verbs, may):
            raise PermanentError(f"the bot may not {', '.join(missing)}")
        return ", ".join(right.verbs)

    step = RIGHTS_STEP if right.group in GROUPS else FURTHER_STEP
    return await check(f"right to {right.title} {place}", ask, step)


def _refused(verbs: Sequence[str], may: Sequence[bool]) -> list[str]:
    return [verb for verb, allowed in zip(verbs, may, strict=True) if not allowed]
