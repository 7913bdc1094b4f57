"""Branches may be called almost anything: each gets a name, a card and a command that means it, or a refusal."""

import subprocess
from pathlib import Path

import hostile
import pytest
from builders import NOW, a_deploy
from fuzz_kit import check_text, clean_log, inputs
from git_kit import Origin, a_cache, a_project

from bot.domain import commands, grammar, naming
from bot.domain.errors import UserError
from bot.domain.lifecycle import decide
from bot.domain.policy import Policy
from bot.git.choose import by_name, by_part, unknown
from bot.ports import Head
from bot.slack import answers, messages, progress


@pytest.mark.timeout(1800)
def test_every_branch_has_a_name_and_a_card() -> None:
    for _, chance in inputs("branch names"):
        branch = hostile.branch(chance)
        names = [naming.staging_name(branch)]
        names.append(naming.staging_name(branch, names))
        assert all(map(naming.valid_name, names)) and len(set(names)) == 2
        made = decide(None, a_deploy(branch=branch, name=names[0], actor="U01ALICE"), Policy(ttl=None), NOW)
        check_text(messages.card(made.staging, "local"))
        check_text(progress.progress(made.staging.attempt, made.staging))
        check_text(answers.info(made.staging, "local", True, None, [(NOW, "U01ALICE", made.what, made.why)], []))
        command = commands.Deploy(branch)
        assert grammar.reread(grammar.render(command)) == command
        others = [Head(hostile.branch(chance), "a" * 40) for _ in range(3)]
        assert by_name([*others, Head(branch, "b" * 40)], branch) is not None
        try:
            by_part(others, branch)
            check_text(answers.refusal(unknown(others, branch)))
        except UserError as error:
            check_text(answers.refusal(error))


@pytest.mark.timeout(1800)
async def test_what_git_allows_can_be_deployed(tmp_path: Path) -> None:
    """Real branches by these names, found by what people would type; what git does not allow is refused politely."""
    origin, cache = Origin(tmp_path / "origin"), a_cache(tmp_path / "git")
    project = a_project(origin.path)
    with clean_log():
        for _, chance in inputs("branches in git"):
            branch = hostile.branch(chance)
            made = _made(origin, branch)
            try:
                head = await cache.resolve(project, branch)
            except UserError as error:
                assert not made
                check_text(answers.refusal(error))
            else:
                assert not made or head == Head(branch, origin.head("main"))
            if made:
                origin.delete(branch)


def _made(origin: Origin, branch: str) -> bool:
    """False when git does not allow the name."""
    try:
        origin.branch(branch)
    except (subprocess.CalledProcessError, ValueError):
        return False
    return True
