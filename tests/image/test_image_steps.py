"""The bot's image without Docker: its Dockerfile's steps are run, and then the bot that came of them, by its own user.

Not shown: the image that it begins with, Debian's packages in it, and so everything that only a container is.
"""

import asyncio
import json
import os
import subprocess
import tempfile
import venv
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
import yaml
from crash_kit import free_port
from dockerfile_kit import VERSION, Build, stages
from git_kit import Origin
from standin_kit import Workspace, workspace

pytestmark = [pytest.mark.image, pytest.mark.timeout(600)]

NOT_HERE = "apt-get update"
SECONDS = 60.0


@pytest.fixture(scope="module")
def image() -> Iterator[Build]:
    """Built, at a place that everybody can get to: pytest's own folders are for one user."""
    with tempfile.TemporaryDirectory(prefix="octopod-image-") as name:
        root = Path(name)
        root.chmod(0o755)
        venv.create(root / "base", with_pip=True)
        build = Build(root, root / "base" / "bin")
        (root / "tmp").mkdir()
        for step in stages()[0]:
            build.run(step)
        yield build


@pytest.fixture
def settings(image: Build) -> dict[str, str]:
    """The environment of its container."""
    made = Build(image.root, image.python)
    for step in stages()[-1]:
        if step.word == "ENV":
            made.run(step)
    return made.env | {"PATH": f"{image.root}/opt/octopod/bin:/usr/local/bin:/usr/bin:/bin"}


def test_the_last_stage_has_nothing_else_to_run() -> None:
    words = [(step.word, step.rest) for step in stages()[-1]]
    assert [rest.startswith(NOT_HERE) for word, rest in words if word == "RUN"] == [True]
    assert ("COPY", "--from=build /opt/octopod /opt/octopod") in words
    assert ("COPY", "--from=helm /tmp/helm /usr/local/bin/helm") in words
    assert [rest for word, rest in words if word in ("ENTRYPOINT", "CMD")] == ['["octopod"]', '["serve"]']


def test_what_is_in_it(image: Build, settings: dict[str, str]) -> None:
    packages = image.root / "opt" / "octopod" / "lib" / VERSION / "site-packages"
    assert (packages / "bot" / "app.py").exists() and (packages / "handlers").exists()
    assert not (packages / "bot" / "playground").exists()
    done = subprocess.run(["octopod", "playground"], env=settings, cwd="/", capture_output=True, text=True)
    assert (done.returncode, "The playground is not in this image." in done.stderr) == (2, True)
    for name in ("pytest", "ruff", "pip"):
        assert not (packages / name).exists(), "for development only"


def test_helm_is_built_and_new_enough(tmp_path: Path) -> None:
    (tmp_path / "tmp").mkdir()
    build = Build(tmp_path, Path("/usr/bin"))
    for step in stages()[1]:
        build.run(step)
    said = subprocess.run([tmp_path / "tmp" / "helm", "version"], check=True, capture_output=True, text=True).stdout
    assert 'Version:"v4.' in said


async def test_the_bot_runs_as_nobody_and_writes_to_two_folders_only(
    image: Build, settings: dict[str, str], tmp_path: Path
) -> None:
    async with workspace(tmp_path / "slack") as slack:
        settings |= _configured(image, slack, tmp_path)
        async with _serving(image, settings) as bot, aiohttp.ClientSession() as http:
            url = f"http://127.0.0.1:{settings['OCTOPOD_HTTP_PORT']}/healthz"
            await _answers(http, url, bot, image)
            status = (Path("/proc") / str(bot.pid) / "status").read_text()
            assert "Uid:\t0" not in status
            if os.geteuid() == 0:
                assert f"Uid:\t{_user()[0]}\t{_user()[0]}\t" in status
                await _touches(image, {"data": True, "tmp": True, "opt": False, "etc": False})
    assert (image.root / "data" / "octopod.db").exists()
    assert "octopod is ready" in (image.root / "log").read_text()


async def _touches(image: Build, places: Mapping[str, bool]) -> None:
    """Where the bot could write."""
    for place, allowed in places.items():
        command = [*_confined(image, *map(int, _user())), "touch", str(image.root / place / "touched")]
        touch = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.DEVNULL)
        assert (await touch.wait() == 0) is allowed, place


def _user() -> list[str]:
    [user] = [step.rest for step in stages()[-1] if step.word == "USER"]
    return user.split(":")


def _configured(image: Build, slack: Workspace, folder: Path) -> Mapping[str, str]:
    """A cluster that is not there is nothing that keeps the bot from starting."""
    cluster = {"name": "c", "cluster": {"server": f"https://127.0.0.1:{free_port()}"}}
    context = {"name": "c", "context": {"cluster": "c", "user": "c"}}
    users = [{"name": "c", "user": {"token": "t"}}]
    config = {"clusters": [cluster], "users": users, "contexts": [context], "current-context": "c"}
    etc = image.root / "etc"
    etc.mkdir()
    (etc / "kubeconfig").write_text(yaml.safe_dump({"apiVersion": "v1", "kind": "Config", **config}))
    project = {"repo": str(Origin(folder / "origin").path), "source": {"manifests": "deploy"}, "channel": "stagings"}
    project["hosts"] = {"web": "${staging}.shop.test"}
    (etc / "octopod.yaml").write_text(json.dumps({"engine": "kubernetes", "projects": {"shop": project}}))
    return {
        "SLACK_BOT_TOKEN": slack.secrets.bot_token,
        "SLACK_APP_TOKEN": slack.secrets.app_token,
        "SLACK_API_URL": f"{slack.base}/api/",
        "OCTOPOD_CONFIG": str(etc / "octopod.yaml"),
        "KUBECONFIG": str(etc / "kubeconfig"),
        "OCTOPOD_HTTP_HOST": "127.0.0.1",
        "OCTOPOD_HTTP_PORT": str(free_port()),
        "TMPDIR": str(image.root / "tmp"),
    }


@asynccontextmanager
async def _serving(image: Build, settings: Mapping[str, str]) -> AsyncIterator[asyncio.subprocess.Process]:
    """As root: by the image's user, all but /data and /tmp read-only. Else as whoever runs the tests."""
    data, scratch = image.root / "data", image.root / "tmp"
    data.mkdir()
    command = ["octopod", "serve"]
    if os.geteuid() == 0:
        uid, gid = map(int, _user())
        os.chown(data, uid, gid)
        os.chown(scratch, uid, gid)
        command = [*_confined(image, uid, gid), *command]
    with (image.root / "log").open("wb") as log:
        env = {**settings, "PATH": f"{settings['PATH']}:/usr/sbin:/sbin"}
        bot = await asyncio.create_subprocess_exec(*command, env=env, cwd="/", stdout=log, stderr=log)
    try:
        yield bot
    finally:
        if bot.returncode is None:
            bot.terminate()
        await asyncio.wait_for(bot.wait(), 20)


def _confined(image: Build, uid: int, gid: int) -> list[str]:
    """It may read whatever there is, as the Python of this machine may lie in somebody's home; it may write nothing.

    Where root may not mount, the owners of the files alone keep it from writing.
    """
    user = ["setpriv", f"--reuid={uid}", f"--regid={gid}", "--clear-groups", "--no-new-privs"]
    user += ["--inh-caps=-all,+dac_read_search", "--ambient-caps=-all,+dac_read_search"]
    folders = [str(image.root / name) for name in ("data", "tmp")]
    mounts = [f"mount --bind {folder} {folder}" for folder in folders]
    script = " && ".join([*mounts, "mount -o remount,ro,bind /", 'exec "$@"'])
    confined = ["unshare", "--mount", "sh", "-c", script, "sh"]
    may_mount = subprocess.run([*confined, "true"], capture_output=True).returncode == 0
    return [*(confined if may_mount else []), *user]


async def _answers(http: aiohttp.ClientSession, url: str, bot: asyncio.subprocess.Process, image: Build) -> None:
    async with asyncio.timeout(SECONDS):
        while True:
            assert bot.returncode is None, (image.root / "log").read_text()
            try:
                async with http.get(url) as answer:
                    assert answer.status == 200
                    return
            except aiohttp.ClientConnectionError:
                await asyncio.sleep(0.05)
