"""The Dockerfile's steps as plain commands, under a folder instead of `/`."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
# The places that the Dockerfile speaks of.
PLACE = re.compile(r"(?<![\w/.])/(?=(?:opt/octopod|src|tmp|data)\b)")
VERSION = f"python{sys.version_info.major}.{sys.version_info.minor}"


@dataclass(frozen=True, slots=True)
class Step:
    """`word`: RUN, COPY and so on."""

    word: str
    rest: str


def stages() -> list[list[Step]]:
    """One list of steps per FROM."""
    text = re.sub(r"^#.*\n", "", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE).replace("\\\n", " ")
    steps = [Step(*line.split(maxsplit=1)) for line in text.splitlines() if line]
    starts = [number for number, step in enumerate(steps) if step.word == "FROM"]
    return [steps[start:end] for start, end in zip(starts, [*starts[1:], None], strict=True)]


@dataclass
class Build:
    """`root`: what stands for `/`. `python`: a folder with the `python` and `pip` of the image that it begins with."""

    root: Path
    python: Path
    env: dict[str, str] = field(default_factory=dict)
    folder: Path = Path()

    def placed(self, text: str) -> str:
        """The same, below `root`, and for the Python that is here."""
        return PLACE.sub(lambda _: f"{self.root}/", text).replace("python3.11/", f"{VERSION}/")

    def run(self, step: Step) -> None:
        match step.word:
            case "FROM":
                self.folder = self.root
            case "ENV":
                pairs = (pair.partition("=") for pair in step.rest.split())
                self.env |= {name: self.placed(value) for name, _, value in pairs}
            case "WORKDIR":
                self.folder = Path(self.placed(step.rest))
                self.folder.mkdir(parents=True)
            case "COPY":
                self._copy(*step.rest.split())
            case "RUN":
                self._shell(self.placed(step.rest))
            case _:
                raise AssertionError(f"nobody knows here what {step.word} does")

    def _copy(self, *words: str) -> None:
        *sources, target = words
        for source in sources:
            for file in _let_in(source):
                inside = file.relative_to(ROOT / source) if (ROOT / source).is_dir() else Path()
                to = self.folder / self.placed(target) / (file.name if target.endswith("/") else inside)
                to.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(file, to)

    def _shell(self, command: str) -> None:
        path = f"{self.python}{os.pathsep}{os.environ['PATH']}"
        home = {name: os.environ[name] for name in os.environ if name.startswith(("UV_", "PIP_", "SSL_", "HTTP"))}
        env = {"HOME": os.environ["HOME"], **home, **self.env, "PATH": path}
        done = subprocess.run(["sh", "-ec", command], cwd=self.folder, env=env, capture_output=True, text=True)
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"


def _let_in(source: str) -> Iterator[Path]:
    """What `.dockerignore` lets reach the builder."""
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    roots = [ROOT / line.removeprefix("!") for line in lines if line.startswith("!")]
    found = [ROOT / source] if (ROOT / source).is_file() else (ROOT / source).rglob("*")
    for file in found:
        inside = any(file == root or root in file.parents for root in roots)
        if file.is_file() and inside and "__pycache__" not in file.parts:
            yield file
