"""The helm binary: no shell, nothing of anybody's own configuration, limits of time, memory and output."""

import asyncio
import os
import re
import shutil
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import structlog

from bot.domain.errors import PermanentError
from bot.domain.redaction import Redactor
from bot.programs import TooMuchError, run_confined

log = structlog.get_logger()
# The first with --take-ownership; without it charts can't look at what earlier releases have made.
OLDEST = (3, 17)
GET_IT = "Install Helm 3.17 or newer where the bot runs, or set OCTOPOD_HELM to its path."
# How to reach the outside, which is the machine's to say.
PASSED_ON = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy")
CERTIFICATES = ("SSL_CERT_FILE", "SSL_CERT_DIR")
NOISE = ("Use --debug flag", "Error: ", "level=")


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds that rendering and fetching may take; bytes that may be written, and that the program may have."""

    render: float = 30.0
    fetch: float = 120.0
    output: int = 16 * 1024 * 1024
    memory: int = 320 * 1024 * 1024
    at_once: int = 2


class RefusedError(Exception):
    """It ran and ended with an error. `lines`: what it said, redacted."""

    def __init__(self, lines: Sequence[str]) -> None:
        super().__init__("\n".join(lines))
        self.lines = tuple(lines)


class HelmProgram:
    """`program`: its name or path. `folder`: the bot's own for what has to do with it."""

    def __init__(self, program: str, folder: Path, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self.charts = folder / "charts"
        self._program, self._work = program, folder / "work"
        self._version = ""
        self._turns = asyncio.Semaphore(self.limits.at_once)
        shutil.rmtree(self._work, ignore_errors=True)

    @asynccontextmanager
    async def scratch(self) -> AsyncIterator[Path]:
        """A folder for one release's files, which goes."""
        folder = await asyncio.to_thread(self._make)
        try:
            yield folder
        finally:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)

    def _make(self) -> Path:
        self._work.mkdir(parents=True, exist_ok=True, mode=0o700)
        return Path(tempfile.mkdtemp(dir=self._work)).resolve()

    async def version(self) -> str:
        """Looked up once. Raises PermanentError when it is missing or too old."""
        if not self._version:
            async with self.scratch() as scratch:
                try:
                    output = await self._run(["version", "--template", "{{.Version}}"], scratch, self.limits.render, {})
                except RefusedError as error:
                    raise PermanentError("`helm version` fails.", error.lines, GET_IT) from error
            found = output.strip()
            numbers = re.match(r"v(\d+)\.(\d+)", found)
            if numbers is None or (int(numbers[1]), int(numbers[2])) < OLDEST:
                raise PermanentError(f"Helm {found[:50]} is too old to render charts.", next_step=GET_IT)
            self._version = found
        return self._version

    async def run(
        self, words: Sequence[str], scratch: Path, seconds: float, redactor: Redactor, more: Mapping[str, str]
    ) -> str:
        """What it writes. `more`: environment. Raises RefusedError, TimeoutError, PermanentError."""
        await self.version()
        try:
            return await self._run(words, scratch, seconds, more)
        except RefusedError as error:
            raise RefusedError(redactor.lines(error.lines)) from None

    async def _run(self, words: Sequence[str], scratch: Path, seconds: float, more: Mapping[str, str]) -> str:
        program = shutil.which(self._program)
        if program is None:
            raise PermanentError("Helm is not installed where the bot runs.", next_step=GET_IT)
        limits = self.limits
        environ = {**_environ(scratch), **more}
        try:
            async with self._turns:
                output = await run_confined(
                    [program, *words], environ, seconds, most=limits.output, memory=limits.memory
                )
        except TooMuchError:
            raise PermanentError(f"Helm writes more than {limits.output // 2**20} MiB for this chart.") from None
        if output.code:
            raise RefusedError(_said(output.error, output.code))
        if output.error.strip():
            log.info("helm has something to say", command=words[0], lines=len(output.error.splitlines()))
        return output.out.decode(errors="replace")


def _environ(scratch: Path) -> dict[str, str]:
    """Nothing of the bot's own but the way out: its environment holds tokens, and whose configuration would it be?"""
    kept = {name: os.environ[name] for name in (*PASSED_ON, *CERTIFICATES) if name in os.environ}
    folders = {name: str(scratch / name.lower()) for name in ("HELM_CACHE_HOME", "HELM_CONFIG_HOME", "HELM_DATA_HOME")}
    own = {"HOME": str(scratch), "TMPDIR": str(scratch), "PATH": "/nowhere", "KUBECONFIG": str(scratch / "no-cluster")}
    return {**kept, **folders, **own, "HELM_PLUGINS": str(scratch / "no-plugins"), "LANG": "C.UTF-8"}


def _said(text: str, code: int) -> list[str]:
    """Its complaint, without what it wraps around it."""
    lines = [line.rstrip().removeprefix("Error: ") for line in text.splitlines()]
    kept = [line for line in lines if line.strip() and not line.startswith(NOISE)]
    if code < 0 or any(line.startswith("fatal error: ") and "memory" in line for line in kept):
        kept = [line for line in kept if line.startswith("fatal error: ")][:1] or [f"it was ended by signal {-code}"]
    return kept or [f"it ended with code {code} and said nothing"]
