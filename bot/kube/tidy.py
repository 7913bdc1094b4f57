"""The Jobs of hooks that have ended, taken away when their release asks for it."""

from collections.abc import Sequence

import structlog

from bot.domain.errors import OctopodError
from bot.kube.client import Kube
from bot.kube.ended import ended_hooks, note
from bot.kube.kinds import JOB, Object
from bot.kube.labels import HOOK_MANAGER, RELEASE, annotations
from bot.kube.rollout import Judged

log = structlog.get_logger()


async def tidy(kube: Kube, namespace: Object, going: Sequence[Judged]) -> bool:
    """Note those that are not noted yet, and delete the Jobs of those that are. False: not all of it could be done.

    `namespace`: as it was when they were judged. What is noted comes back with it, and then their Jobs go.
    """
    place, release = namespace["metadata"]["name"], annotations(namespace)[RELEASE]
    noted = ended_hooks(namespace, release)
    try:
        if any(one.name not in noted for one in going):
            await kube.apply(note(namespace, release, going), force=True, manager=HOOK_MANAGER)
        for one in going:
            if one.name in noted:
                await kube.delete(JOB, one.name, place)
    except OctopodError as error:
        log.info("the Job of a hook that has ended can't be deleted yet", namespace=place, why=error.text)
        return False
    return True
