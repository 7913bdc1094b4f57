"""A program in Helm's place, across the border of the process: it keeps how it was called, and answers as told."""

import json
import sys
from pathlib import Path
from typing import Any

from bot.domain.project import Helm
from bot.render.helm import HelmRenderer
from bot.render.helm_program import HelmProgram, Limits

CHART: dict[str, str | bytes] = {
    "web/Chart.yaml": "apiVersion: v2\nname: web\nversion: 0.1.0\n",
    "web/values.yaml": "replicas: 1\n",
}
WEB = Helm("web")
CONFIG = "---\n# Source: web/templates/a.yaml\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {}\n"


class Stub:
    """`version`: what it says it is. `says`, `complains`, `code`: how every other command ends.

    RANDOM in what it says is something else each time.
    """

    def __init__(self, folder: Path, version: str = "v4.3.1", says: str = CONFIG, complains: str = "", code: int = 0):
        folder.mkdir(parents=True, exist_ok=True)
        self.calls_file = folder / "calls"
        self.program = folder / "helm"
        self.program.write_text(
            f"#!{sys.executable}\n"
            "import json, os, sys\n"
            f"if sys.argv[1] == 'version':\n    print({version!r})\n    sys.exit()\n"
            "files = [word.partition('=')[2] for word in sys.argv if word.startswith('--values=')]\n"
            "values = [open(file).read() for file in files]\n"
            f"with open({str(self.calls_file)!r}, 'a') as calls:\n"
            "    calls.write(json.dumps([sys.argv[1:], dict(os.environ), values]) + '\\n')\n"
            f"sys.stdout.write({says!r}.replace('RANDOM', os.urandom(8).hex()))\n"
            f"sys.stderr.write({complains!r})\nsys.exit({code})\n"
        )
        self.program.chmod(0o755)
        self._folder = folder

    @property
    def calls(self) -> list[tuple[list[str], dict[str, str], list[str]]]:
        lines = self.calls_file.read_text().splitlines() if self.calls_file.exists() else []
        return [tuple(json.loads(line)) for line in lines]

    def renderer(self, limits: Limits | None = None, **options: Any) -> HelmRenderer:
        return HelmRenderer(HelmProgram(str(self.program), self._folder / "data", limits), **options)
