"""Where a chart comes from: a folder of the branch, a repository or an OCI registry. With what it depends on."""

import asyncio
import hashlib
import os
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

import yaml

from bot.domain.errors import PermanentError, TemporaryError
from bot.domain.objects import mapping
from bot.domain.project import Helm
from bot.domain.redaction import Redactor
from bot.render.helm_program import HelmProgram, RefusedError
from bot.render.source import MAX_FILE_BYTES, leads_inside, mapping_in, shown

OCI = "oci://"
WHOLE_VERSION = re.compile(r"v?\d+\.\d+\.\d+([-+].+)?")
# What its network layers say when trying again may help.
NETWORK = re.compile(
    r"dial tcp|no such host|connection (refused|reset)|i/o timeout|TLS handshake timeout|deadline exceeded|\bEOF\b"
    r"|server misbehaving|network is unreachable|too ?many ?requests"
    r"|\b(429|500|502|503|504)\b (Too|Internal|Bad|Service|Gateway)|status code:? (429|5\d\d)",
    re.IGNORECASE,
)
LOCAL_HOSTS = ("localhost", "127.0.0.1", "[::1]")


@dataclass(frozen=True, slots=True)
class Charts:
    """`registry_config`: Docker's config.json with what charts of octopod.yaml are pulled by; those of branches get
    nothing of it."""

    helm: HelmProgram
    registry_config: Path | None = None

    async def get(self, source: Helm, tree: Path, branch: str, scratch: Path, redactor: Redactor) -> Path:
        """A folder or an archive. Raises PermanentError and TemporaryError."""
        if of_branch(source):
            folder = await asyncio.to_thread(_folder, source, tree, branch)
            await self._complete(folder, tree, scratch, redactor)
            return folder
        return await self._pulled(source, scratch, redactor)

    def at_hand(self, source: Helm, tree: Path) -> Path:
        """What `get` gave for it last."""
        return tree / source.chart if of_branch(source) else self._kept(source)

    def _kept(self, source: Helm) -> Path:
        return self.helm.charts / f"{_digest(source)}.tgz"

    async def _complete(self, folder: Path, tree: Path, scratch: Path, redactor: Redactor) -> None:
        """What the branch does not have in `charts/` is fetched by its `Chart.lock`, or its `Chart.yaml`."""
        wanted = await asyncio.to_thread(_missing, folder, tree)
        if not wanted:
            return
        config = scratch / "repositories.yaml"
        config.write_text(_repositories(wanted))
        names = ", ".join(f"`{one.name}`" for one in wanted)
        words = ["dependency", "build", f"--repository-config={config}", "--", str(folder)]
        what = f"The chart needs {names}, which can't be fetched"
        await self._fetch(
            words, scratch, redactor, what, "Mend its dependencies, or add what it needs to its `charts/`."
        )

    async def _pulled(self, source: Helm, scratch: Path, redactor: Redactor) -> Path:
        """Of a whole version once for all; else whatever is the newest now, which is kept to be looked into."""
        kept = self._kept(source)
        fixed = bool(source.version and WHOLE_VERSION.fullmatch(source.version))
        if fixed and kept.is_file():
            return kept
        there = scratch / "pulled"
        there.mkdir()
        words = ["pull", f"--destination={there}", *self._whence(source), "--", source.chart]
        version = f" {source.version}" if source.version else ""
        what = f"The chart `{source.chart}`{version} can't be fetched"
        await self._fetch(words, scratch, redactor, what, "Mend `source: {helm: …}` in octopod.yaml.")
        [found] = there.glob("*.tgz")
        await asyncio.to_thread(_keep, found, kept)
        return kept if fixed else found

    def _whence(self, source: Helm) -> Iterator[str]:
        if source.repository:
            yield f"--repo={source.repository}"
        if source.version:
            yield f"--version={source.version}"
        if source.chart.startswith(OCI):
            if self.registry_config:
                yield f"--registry-config={self.registry_config}"
            if _is_here(source.chart):
                yield "--plain-http"

    async def _fetch(self, words: Sequence[str], scratch: Path, redactor: Redactor, what: str, next_step: str) -> None:
        seconds = self.helm.limits.fetch
        try:
            await self.helm.run(words, scratch, seconds, redactor, {})
        except TimeoutError as error:
            raise TemporaryError(f"{what}: that takes longer than {seconds:g} s.") from error
        except RefusedError as error:
            if NETWORK.search(str(error)):
                raise TemporaryError(f"{what}: {error.lines[-1]}") from error
            raise PermanentError(f"{what}.", error.lines, next_step) from error


@dataclass(frozen=True, slots=True)
class Dependency:
    name: str
    repository: str


def of_branch(source: Helm) -> bool:
    return source.repository is None and not source.chart.startswith(OCI)


def values_files(source: Helm, tree: Path, branch: str) -> list[tuple[str, str]]:
    """Names and texts of `files`. Raises PermanentError with all that can't be read."""
    found, mistakes = [], []
    for name in source.files:
        path = tree / name
        try:
            if not leads_inside(path, tree):
                mistakes.append(f"{name}: leads out of the branch's files")
                continue
            with path.open("rb") as stream:
                content = stream.read(MAX_FILE_BYTES + 1)
            if len(content) > MAX_FILE_BYTES:
                mistakes.append(f"{name}: is larger than {MAX_FILE_BYTES // 1024} kB")
            found.append((str(name), content.decode("utf-8-sig")))
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
            mistakes.append(f"{name}: can't be read: {why}")
    if mistakes:
        raise PermanentError(
            f"Branch {branch} lacks values files that octopod.yaml names.",
            mistakes,
            "Add them to the branch, or mend `source: {helm: {values: …}}` in octopod.yaml.",
        )
    return found


def _folder(source: Helm, tree: Path, branch: str) -> Path:
    folder = tree / source.chart
    if not (leads_inside(folder, tree) and (folder / "Chart.yaml").is_file()):
        charts = sorted(shown(file.parent.relative_to(tree)) for file in tree.rglob("Chart.yaml"))[:5]
        hint = f" There is one in {', '.join(f'`{one}`' for one in charts)}." if charts else ""
        raise PermanentError(
            f"Branch {branch} has no chart in `{source.chart}`.{hint}",
            next_step="Add it to the branch, or set `source: {helm: {chart: …}}` in octopod.yaml.",
        )
    _require_inside(folder, tree)
    return folder


def _require_inside(folder: Path, tree: Path) -> None:
    """Helm follows links, wherever they lead."""
    mistakes = []
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() and not leads_inside(path, tree):
            mistakes.append(f"{shown(path.relative_to(tree))}: is a link that leads out of the branch's files")
        elif path.is_symlink() and path.is_dir():
            mistakes.append(f"{shown(path.relative_to(tree))}: is a link to a folder; move the folder here")
    if mistakes:
        raise PermanentError("The chart has links that are not followed.", mistakes, "Take them out and push.")


def _missing(folder: Path, tree: Path) -> list[Dependency]:
    """Raises PermanentError for what can't be fetched for a branch."""
    said = [*_said(folder / "Chart.yaml"), *_said(folder / "requirements.yaml")]
    wanted = [one for one in said if not _has(folder / "charts", one.name)]
    mistakes = []
    for one in wanted:
        scheme, _, rest = one.repository.partition("://")
        if scheme == "file":
            beside = folder / rest
            if leads_inside(beside, tree) and beside.is_dir():
                _require_inside(beside, tree)
            else:
                mistakes.append(f"{one.name}: {one.repository} is no folder of the branch")
        elif scheme not in ("https", "http", "oci"):
            mistakes.append(f"{one.name}: its repository must be a URL, not `{one.repository}`")
    if mistakes:
        raise PermanentError("The chart needs charts that can't be fetched.", mistakes, "Add them to its `charts/`.")
    return wanted


def _said(file: Path) -> list[Dependency]:
    """What makes no sense is for Helm to refuse."""
    if not file.is_file() or file.stat().st_size > MAX_FILE_BYTES:
        return []
    listed = mapping_in(file.read_text(errors="replace")).get("dependencies")
    entries: list[Mapping[str, Any]] = [mapping(one) for one in listed] if isinstance(listed, list) else []
    return [Dependency(str(one["name"]), str(one.get("repository") or "")) for one in entries if one.get("name")]


def _has(charts: Path, name: str) -> bool:
    """As a folder or an archive."""
    if PurePosixPath(name).name != name:
        return False
    pattern = re.compile(re.escape(name) + r"-v?\d.*\.tgz")
    return (charts / name).is_dir() or any(pattern.fullmatch(one) for one in _names(charts))


def _names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()] if folder.is_dir() else []


def _repositories(wanted: Sequence[Dependency]) -> str:
    """`helm dependency build` wants to know each by a name."""
    urls = sorted({one.repository for one in wanted if one.repository.startswith("http")})
    entries = [{"name": f"repository-{number}", "url": url} for number, url in enumerate(urls)]
    return yaml.safe_dump({"apiVersion": "v1", "repositories": entries})


def _digest(source: Helm) -> str:
    said = "\0".join((source.repository or "", source.chart, source.version or ""))
    return hashlib.sha256(said.encode()).hexdigest()[:32]


def _keep(found: Path, kept: Path) -> None:
    kept.parent.mkdir(parents=True, exist_ok=True)
    part = kept.with_suffix(f".{os.urandom(4).hex()}")
    shutil.copyfile(found, part)
    part.replace(kept)


def _is_here(chart: str) -> bool:
    """Registries of this machine are asked without TLS, as for images."""
    return (urlsplit(chart).hostname or "") in LOCAL_HOSTS
