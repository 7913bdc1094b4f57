"""Objects from a chart: `helm template`, then the same rules and completion as for plain manifests."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import yaml

from bot.domain.errors import PermanentError, TemporaryError
from bot.domain.known import KnownValue
from bot.domain.project import Helm
from bot.domain.redaction import Redactor, secrets_in
from bot.ports import EngineFacts, RenderFacts
from bot.render.checking import refusal, require_right
from bot.render.complete import completed
from bot.render.helm_chart import Charts, of_branch, values_files
from bot.render.helm_objects import objects_of, with_hooks
from bot.render.helm_program import HelmProgram, RefusedError
from bot.render.helm_values import as_yaml, given
from bot.render.known import known_values, lets_in
from bot.render.plain import env_of, meaning_of

WHOSE = "The chart has"
# What Helm says when the API server, or the window to it, can't answer now.
AWAY = re.compile("cluster reachability check failed|the server is currently unable")
SCHEMA = "values don't meet the specifications of the schema"
# What a chart may see of the cluster: made for a staging's id, its namespace and the project's kinds; gives a URL.
Window = Callable[[str, str, frozenset[tuple[str, str]]], AbstractAsyncContextManager[str]]


class HelmRenderer:
    """`window`: None where there is no cluster. `secrets`: the bot's own of now, hidden in what Helm says."""

    def __init__(
        self,
        helm: HelmProgram,
        *,
        registry_config: Path | None = None,
        window: Window | None = None,
        secrets: Callable[[], frozenset[str]] = frozenset,
    ) -> None:
        self._helm, self._window, self._secrets = helm, window, secrets
        self._charts = Charts(helm, registry_config)

    async def render(self, source: Helm, tree: Path, facts: RenderFacts, engine: EngineFacts) -> list[dict[str, Any]]:
        """Raises PermanentError and TemporaryError."""
        redactor = Redactor(self._secrets() | secrets_in(facts.secrets))
        mistakes: list[str] = []
        meaning = await asyncio.to_thread(meaning_of, facts, engine, mistakes)
        env = env_of(facts, meaning, mistakes)
        async with self._helm.scratch() as scratch:
            chart = await self._charts.get(source, tree, facts.branch, scratch, redactor)
            words = await asyncio.to_thread(_values, source, tree, chart, facts, meaning, mistakes, scratch)
            output = await self._rendered(chart, words, facts, tree, scratch, redactor)
        return await asyncio.to_thread(_objects, output, facts, engine, env, mistakes, self._window is not None)

    async def known(self, source: Helm, tree: Path, branch: str) -> Mapping[str, KnownValue]:
        """What keys its values have, once it was rendered from this tree. Raises PermanentError."""
        return await asyncio.to_thread(self._known, source, tree, branch)

    def _known(self, source: Helm, tree: Path, branch: str) -> Mapping[str, KnownValue]:
        chart = self._charts.at_hand(source, tree)
        return known_values(chart, [text for _, text in values_files(source, tree, branch)])

    async def _rendered(
        self, chart: Path, values: list[str], facts: RenderFacts, tree: Path, scratch: Path, redactor: Redactor
    ) -> str:
        words = ["template", f"--namespace={facts.namespace}", *values, "--skip-tests", "--skip-crds"]
        words += [] if facts.first else ["--is-upgrade"]
        seconds = self._helm.limits.render
        try:
            async with self._looking(facts, scratch) as (looks, environ):
                return await self._helm.run(
                    [*words, *looks, "--", facts.project, str(chart)], scratch, seconds, redactor, environ
                )
        except TimeoutError as error:
            raise PermanentError(f"The chart takes longer than {seconds:g} s to render.") from error
        except RefusedError as error:
            if AWAY.search(str(error)):
                raise TemporaryError("The cluster does not answer what the chart asks of it.") from error
            raise _refused(error, facts, tree, scratch, chart) from error

    @asynccontextmanager
    async def _looking(self, facts: RenderFacts, scratch: Path) -> AsyncIterator[tuple[list[str], dict[str, str]]]:
        """Words and environment by which `lookup` and `.Capabilities` are those of the cluster.

        What Helm would check there, the engine does for all objects, whatever they come from.
        """
        if self._window is None:
            yield [], {}
            return
        async with self._window(facts.staging, facts.namespace, facts.kinds) as url:
            file = scratch / "kubeconfig"
            file.touch(0o600)
            file.write_text(_kubeconfig(url, facts.namespace))
            words = ["--dry-run=server", "--disable-openapi-validation", "--take-ownership"]
            yield words, {"KUBECONFIG": str(file)}


def _values(
    source: Helm,
    tree: Path,
    chart: Path,
    facts: RenderFacts,
    meaning: dict[str, Any],
    mistakes: list[str],
    scratch: Path,
) -> list[str]:
    """Words that name values files, written into `scratch`, as Helm takes a comma for the end of a name."""
    texts = [text for _, text in values_files(source, tree, facts.branch)]
    texts.append(as_yaml(given(facts, meaning, lets_in(chart, "global"), mistakes)))
    if mistakes:
        raise refusal(mistakes, WHOSE)
    words = []
    for number, text in enumerate(texts):
        file = scratch / f"values-{number}.yaml"
        file.write_text(text)
        words.append(f"--values={file}")
    return words


def _objects(
    output: str, facts: RenderFacts, engine: EngineFacts, env: dict[str, str], mistakes: list[str], keeps: bool
) -> list[dict[str, Any]]:
    made = with_hooks(objects_of(output, mistakes), facts.first, keeps, mistakes)
    require_right(made, facts, engine, mistakes, WHOSE)
    if not made:
        raise PermanentError(
            "The chart renders no objects.", next_step="Look at its values: something may be switched off."
        )
    return completed([one.value for one in made], facts, env)


def _refused(error: RefusedError, facts: RenderFacts, tree: Path, scratch: Path, chart: Path) -> PermanentError:
    """Helm's own lines, without the places where the bot keeps what is the branch's."""
    source = facts.source
    names = [str(one) for one in source.files] if isinstance(source, Helm) else []
    own = "octopod.yaml (values)"
    lines = []
    for line in error.lines:
        line = re.sub(
            rf"{re.escape(str(scratch))}/values-(\d+)\.yaml",
            lambda found: [*names, own][int(found[1])] if int(found[1]) <= len(names) else own,
            line,
        )
        lines.append(line.replace(f"{tree}/", "").replace(f"{scratch}/", "").replace(f"{chart.parent}/", ""))
    if SCHEMA in lines[0]:
        return PermanentError(
            "The values do not fit the chart's own schema.",
            lines[1:] or lines,
            "Mend `values:` in octopod.yaml or the values files of the branch.",
        )
    next_step = "Mend it, push, and deploy again." if isinstance(source, Helm) and of_branch(source) else ""
    return PermanentError("Helm can't render the chart.", lines, next_step or "Mend its values in octopod.yaml.")


def _kubeconfig(url: str, namespace: str) -> str:
    context = {"cluster": "octopod", "user": "octopod", "namespace": namespace}
    return yaml.safe_dump(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "octopod", "cluster": {"server": url}}],
            "users": [{"name": "octopod", "user": {}}],
            "contexts": [{"name": "octopod", "context": context}],
            "current-context": "octopod",
        }
    )
