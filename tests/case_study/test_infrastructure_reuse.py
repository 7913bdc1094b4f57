"""*Infrastructure reuse*: a second project starts from the first one's parts in minutes."""

import subprocess
import uuid
from pathlib import Path

import pytest
from case_kit import ROOT, Story, Tell
from git_kit import ENVIRON

pytestmark = [pytest.mark.case_study, pytest.mark.timeout(300)]
pytest_plugins = ["kube_fixtures", "case_fixtures"]

KIOSK = ROOT / "manifests" / "examples" / "kiosk"
PROFILES = """\
    profiles:
      production-payments: {env: {PAYMENTS: production}}
"""


async def test_a_second_project_takes_five_lines(tell: Tell, tmp_path: Path) -> None:
    name = f"kiosk-{uuid.uuid4().hex[:6]}"
    repository = _kiosk(tmp_path)

    def kiosk(shop: str, folder: Path) -> str:
        return f"""\
  {name}:
    extends: {shop}
    repo: {repository}
    channel: general
    source: {{template: web}}
    values: {{command: [python, app.py]}}
"""

    shop = await tell(keys=PROFILES, others=kiosk)
    await shop.live("alice", "main")
    before = (await shop.card("main", "live")).text
    second = shop.beside(name, repository, "general")
    card = await second.live("bob", "main")
    assert f"project {name}" in card.text
    await _takes(second, "main", "sandbox")

    known = await second.known("main")
    await second.say("bob", "/octopod config main --profile production-payments")
    await second.reply("main", "Live at", known=known)
    await _takes(second, "main", "production")

    listed = await second.say("bob", "/octopod projects")
    assert shop.project in listed and name in listed
    assert (await shop.card("main", "live")).text == before, "the first project has not noticed"
    await second.say("bob", "/octopod delete main")
    await second.gone("main")
    assert await shop.phase("main", "live")


def _kiosk(folder: Path) -> Path:
    """The example as a repository: no manifests, no configuration."""
    work, bare = folder / "kiosk", folder / "kiosk.git"
    work.mkdir()
    (work / "app.py").write_text((KIOSK / "app.py").read_text())
    for words in (
        ("init", "--quiet", "--initial-branch=main"),
        ("add", "--all"),
        ("commit", "--quiet", "--message=Kelp to go"),
        ("clone", "--quiet", "--bare", ".", str(bare)),
    ):
        subprocess.run(["git", "-C", str(work), *words], env=ENVIRON, check=True, capture_output=True)
    return bare


async def _takes(story: Story, staging: str, payments: str) -> None:
    if story.engine.runs:
        assert f"We take {payments} payments." in (await story.engine.ask(staging, "/")).text
    elif story.engine.name == "kubernetes":
        assert (await story.engine.environment(staging))["PAYMENTS"] == payments
