"""What values of a chart or a template are known to be, for suggestions."""

import tarfile
from pathlib import Path

import pytest
from render_kit import facts

from bot.domain.known import KnownValue
from bot.domain.project import Template
from bot.render.chart_files import NAMES, chart_files
from bot.render.known import MOST, known_defaults, known_values, lets_in
from bot.render.plain import PlainRenderer

CHARTS = Path(__file__).parents[1] / "data" / "charts"
SHOP, WORKER = CHARTS / "shop", CHARTS / "worker"
TEMPLATES = Path(__file__).parents[2] / "manifests" / "templates"


def packed(chart: Path, folder: Path) -> Path:
    with tarfile.open(folder / "chart.tgz", "w:gz") as archive:
        archive.add(chart, arcname=chart.name)
    return folder / "chart.tgz"


@pytest.mark.parametrize("archive", [False, True])
def test_defaults_descriptions_and_choices(tmp_path: Path, archive: bool) -> None:
    known = known_values(packed(SHOP, tmp_path) if archive else SHOP)
    assert known["replicas"] == KnownValue("1", "How many pods the shop has")
    assert known["image.repository"] == KnownValue("example.invalid/shop")
    assert known["image.pullPolicy"] == KnownValue(
        "IfNotPresent", "When images are pulled", ("Always", "IfNotPresent", "Never")
    )
    assert known["cache.enabled"] == KnownValue("true", choices=("true", "false"))
    assert known["settings.sizes"].default == '["s", "m"]'
    assert known["cache"].description == "Of a chart in this one" and "global" in known
    assert "settings" not in known, "it has keys of its own"
    assert known_values(WORKER)["settings"] == KnownValue("{}")


def test_values_files_win_and_have_keys_as_well() -> None:
    known = known_values(SHOP, ["replicas: 3\nsettings: {colour: red}\n", "[", "replicas: 4\n"])
    assert (known["replicas"].default, known["settings.colour"].default) == ("4", "red")
    assert known["settings.greeting"].default == "hello" and known["replicas"].description


def test_comments_describe_what_is_right_below_them() -> None:
    known = known_defaults(
        "# The whole file.\n\n# How many,\n# and no more.\na: 1\nb: 2\n\n## @param c.d [string] The name\n"
        "# -- Of c\nc:\n  # deeper\n  d: x\n  #e: 1\nf: 3\n# A list\ng:\n  - 1\n"
    )
    assert {key: one.description for key, one in known.items()} == {
        "a": "How many, and no more.", "b": "", "c.d": "The name", "f": "", "g": "",
    }  # fmt: skip


def test_what_looks_like_a_secret_is_not_told() -> None:
    known = known_defaults("# password=hunter22\nauth: {password: changeme, user: app}\nurl: postgres://u:geheim@h/d\n")
    assert known["auth.password"].default == "•••" and known["auth.user"].default == "app"
    assert "geheim" not in str(known) and "hunter22" not in str(known)


@pytest.mark.parametrize("name", ["web", "web-postgres"])
def test_what_a_template_takes(tmp_path: Path, name: str) -> None:
    known = PlainRenderer().known(tmp_path, facts(source=Template(name, TEMPLATES / name)))
    assert known["replicas"] == KnownValue("1") and known["health.path"].default == "/"
    assert known["command"].default == "null" and known["command"].description.startswith("What runs; null:")
    assert PlainRenderer().known(tmp_path, facts()) == {}, "a branch's own manifests say nothing"


def test_a_schema_that_takes_nothing_else() -> None:
    assert lets_in(SHOP, "global") and not lets_in(WORKER, "global") and lets_in(WORKER, "settings")


@pytest.mark.parametrize("content", [b"[", b"a: [", b"\xff\xfe", b"[" * 100_000, b"- 1\n"])
def test_what_can_not_be_read_is_not_known(tmp_path: Path, content: bytes) -> None:
    for name in NAMES:
        (tmp_path / name).write_bytes(content)
    assert known_values(tmp_path) == {}
    (tmp_path / "chart.tgz").write_bytes(content)
    assert known_values(tmp_path / "chart.tgz") == {} == known_values(tmp_path / "nothing")


def test_an_archive_that_is_larger_than_any_chart_counts_up_to_there(tmp_path: Path) -> None:
    (tmp_path / "c" / "a").mkdir(parents=True)
    (tmp_path / "c" / "a" / "large").write_bytes(b"\0" * 5000)
    (tmp_path / "c" / "values.yaml").write_text("a: 1\n")
    archive = packed(tmp_path / "c", tmp_path)
    assert [chart_files(archive, most).texts["values.yaml"] for most in (6000, 4000)] == ["a: 1\n", ""]


def test_schemas_that_refer_to_themselves_and_keys_that_nobody_could_type(tmp_path: Path) -> None:
    schema = tmp_path / "values.schema.json"
    schema.write_text(
        '{"properties": {"a": {"$ref": "#"}, "b c": {}, "b\\ud800": {}, "d": {"default": "x\\u0007\\ny"}}}'
    )
    known = known_values(tmp_path)
    assert {"a.a.d", "d"} <= set(known) and not any("b" in key for key in known)
    assert known["d"].default == "x�⏎y"
    wide = ",".join(f'"p{number}": {{"$ref": "#"}}' for number in range(20))
    schema.write_text(f'{{"properties": {{{wide}}}}}')
    assert len(known_values(tmp_path)) == MOST
