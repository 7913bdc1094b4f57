"""What a chart's values are known to be, for suggestions."""

import tarfile
from pathlib import Path

import pytest

from bot.render.known import KnownValue, known_values, lets_in, unknown_keys

CHARTS = Path(__file__).parents[1] / "data" / "charts"
SHOP, WORKER = CHARTS / "shop", CHARTS / "worker"


def packed(chart: Path, folder: Path) -> Path:
    with tarfile.open(folder / "chart.tgz", "w:gz") as archive:
        archive.add(chart, arcname=chart.name)
    return folder / "chart.tgz"


@pytest.mark.parametrize("archive", [False, True])
def test_defaults_descriptions_and_choices(tmp_path: Path, archive: bool) -> None:
    known = known_values(packed(SHOP, tmp_path) if archive else SHOP)
    assert known["replicas"] == KnownValue(1, "How many pods the shop has")
    assert known["image.repository"] == KnownValue("example.invalid/shop")
    policy = known["image.pullPolicy"]
    assert (policy.default, policy.choices) == ("IfNotPresent", ("Always", "IfNotPresent", "Never"))
    assert policy.description == "When images are pulled"
    assert known["cache.enabled"].choices == ("true", "false")
    assert known["settings"].default == {"greeting": "hello", "sizes": ["s", "m"]}


def test_keys_that_the_chart_does_not_have_are_hints() -> None:
    known = known_values(SHOP)
    assert unknown_keys({"replica": 2, "image": {"tag": "x"}, "zzz": {"y": 1}}, known) == {
        "replica": "replicas",
        "zzz.y": "",
    }
    assert unknown_keys({"settings": {"anything": 1}}, known_values(WORKER)) == {}, "a mapping without keys takes any"


def test_a_schema_that_takes_nothing_else() -> None:
    assert lets_in(SHOP, "global") and not lets_in(WORKER, "global") and lets_in(WORKER, "settings")


@pytest.mark.parametrize("content", [b"[", b"a: [", b"\xff\xfe", b"[" * 100_000])
def test_what_can_not_be_read_is_not_known(tmp_path: Path, content: bytes) -> None:
    for name in ("values.yaml", "values.schema.json"):
        (tmp_path / name).write_bytes(content)
    assert known_values(tmp_path) == {}
    (tmp_path / "chart.tgz").write_bytes(content)
    assert known_values(tmp_path / "chart.tgz") == {} == known_values(tmp_path / "nothing")


def test_a_schema_that_refers_to_itself(tmp_path: Path) -> None:
    (tmp_path / "values.schema.json").write_text('{"properties": {"a": {"$ref": "#"}}}')
    assert set(known_values(tmp_path)) >= {"a", "a.a"}
