"""What values charts and templates know: kept by branch, of the newest ones, and what counts of it."""

from dataclasses import replace
from pathlib import Path

from builders import NOW, seconds
from store_kit import opened

from bot.domain.known import KnownValue, Learned
from bot.domain.project import Helm, Project
from bot.projects.live import MOST_BRANCHES, Projects
from bot.store import known

SHOP = Project("shop", "/shop", Helm("chart"), "stagings", "alerts")
VALUES = {"a": KnownValue("1", "One 🐙", ("1", "2")), "b\\.c": KnownValue()}


def learned(**changes: str) -> Learned:
    """`changes`: defaults of keys."""
    return Learned(repr(SHOP.source), {**VALUES, **{key: KnownValue(one) for key, one in changes.items()}})


async def test_the_newest_of_each_branch_is_kept(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        async with store.write() as connection:
            for at, (branch, one) in enumerate([("x", learned()), ("y", learned(y="1")), ("x", learned(a="2"))]):
                await known.save(connection, "shop", branch, one, NOW + seconds(at), 2)
            await known.save(connection, "blog", "x", learned(), NOW, 2)
        async with store.look() as connection:
            found = await known.all_of_them(connection)
        assert found == [("blog", "x", learned()), ("shop", "y", learned(y="1")), ("shop", "x", learned(a="2"))]
        async with store.write() as connection:
            await known.save(connection, "shop", "z", learned(), NOW + seconds(9), 2)
        async with store.look() as connection:
            assert [one[:2] for one in await known.all_of_them(connection)] == [
                ("blog", "x"), ("shop", "x"), ("shop", "z"),
            ]  # fmt: skip


def test_a_branch_knows_its_own_else_the_baselines_else_the_newest() -> None:
    projects = Projects({"shop": SHOP})

    def default(branch: str) -> str | None:
        project = projects.on("shop", branch)
        assert project == SHOP, "what is known makes no other project of it"
        return project.known["a"].default if project.known else None

    assert projects.on("blog", "x") is None and default("x") is None
    projects.learn("shop", "x", learned(a="of x"))
    projects.learn("shop", "y", learned(a="of y"))
    assert [default(branch) for branch in ("x", "y", "z")] == ["of x", "of y", "of y"]
    projects.learn("shop", "main", learned(a="of main"))
    assert [default(branch) for branch in ("x", "z", "main")] == ["of x", "of main", "of main"]
    projects.replace({"shop": replace(SHOP, source=Helm("another"))})
    moved = projects.on("shop", "x")
    assert moved and moved.source == Helm("another") and not moved.known, (
        "what was learned of another source is of no use"
    )
    projects.replace({"shop": SHOP})
    for number in range(MOST_BRANCHES):
        projects.learn("shop", f"branch-{number}", learned(a="of many"))
    assert default("x") == "of many" == default("main")
