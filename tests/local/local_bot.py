"""A bot to be killed: an engine in a process of its own. `local_bot.py FOLDER ORDERS.json [CRASH_POINT]`.

Takes in the orders, then tells each status as one line of JSON. At the crash point it ends as kill -9 ends it.
"""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

from local_world import engine_in

from bot.domain.status import StagingStatus
from bot.ports import ReleaseOrder


async def main(folder: Path, orders: list[Any], crash_point: str) -> None:
    def point(name: str) -> None:
        if name == crash_point:
            os.kill(os.getpid(), signal.SIGKILL)

    async with engine_in(folder, point=point) as engine:
        for staging, release, objects, tree in orders:
            if release is None:
                await engine.remove(staging)
            else:
                order = ReleaseOrder(staging, f"name-of-{staging}", "shop", release, "c" * 40, objects, Path(tree))
                await engine.apply(order)
        async for status in engine.watch():
            if isinstance(status, StagingStatus):
                ready = all(each.state == "ready" for each in status.workloads)
                states = {each.name: [each.state, each.reason] for each in status.workloads}
                line = {"staging": status.staging, "serving": status.serving, "ready": ready, "states": states}
                print(json.dumps(line), flush=True)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), json.loads(Path(sys.argv[2]).read_text()), sys.argv[3]))
