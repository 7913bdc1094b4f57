"""octopod.yaml: sources, configuration, secrets, profiles and limits, and every mistake in them with its place."""

from pathlib import Path, PurePosixPath

import pytest

from bot.domain.errors import ConfigError
from bot.domain.project import Helm, Key, Limits, Profile, SecretPlace, Template
from bot.projects import load_projects

DATA = Path(__file__).parent / "data"
LEAST = "engine: local\nprojects:\n  shop:\n    repo: ./shop.git\n    channel: stagings\n"


def written(folder: Path, lines: str) -> Path:
    file = folder / "octopod.yaml"
    file.write_text(LEAST + lines)
    return file


def mistakes(file: Path) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load_projects(file)
    return list(caught.value.mistakes)


def test_a_project_says_how_its_stagings_are_configured() -> None:
    shop = load_projects(DATA / "projects_configured.yaml").projects["shop"]
    assert shop.env == {"PLAIN": "1.10", "PAYMENTS": "sandbox", "REPLICAS": "${values.web.replicas}"}
    assert shop.secrets == {
        "PAYMENTS_KEY": SecretPlace("test-key", "payments"),
        "MAIL": SecretPlace("MAIL_PASSWORD"),
    }
    assert shop.keys == {
        "PAYMENTS": Key("Which payments are used.", ("sandbox", "production")),
        "ASKED": Key("Nothing by default."),
        "PAYMENTS_KEY": Key("Of the payments.", secret=True),
        "TYPED": Key(secret=True),
        "MAIL": Key(secret=True),
    }
    assert shop.limits == Limits(40, 5)


def test_a_project_has_profiles_in_the_order_of_the_file() -> None:
    shop = load_projects(DATA / "projects_configured.yaml").projects["shop"]
    assert list(shop.profiles) == ["production-payments", "load_test.1", "empty"]
    assert shop.profiles["empty"] == Profile("empty")
    assert shop.profiles["production-payments"] == Profile(
        "production-payments",
        env={"PAYMENTS": "production", "UNKNOWN_TO_THE_PROJECT": "x", "SIZE": "${values.web.size}"},
        secrets={"PAYMENTS_KEY": SecretPlace("live-key", "payments")},
        values={"web": {"size": 3, "url": "${url.web}"}},
        allowed=("@payments-team",),
        description="Real money.",
    )


def test_values_have_the_types_that_they_have_in_manifests() -> None:
    shop = load_projects(DATA / "projects_configured.yaml").projects["shop"]
    web = shop.values["web"]
    assert web == {
        "replicas": 1, "debug": False, "ratio": 0.5, "image": "1.10", "nothing": None, "args": [80, "80", "${staging}"],
    }  # fmt: skip
    assert (type(web["replicas"]), type(web["debug"])) == (int, bool)
    assert {name: one for name, one in shop.values.items() if name != "web"} == {"on": "2026-01-02", "12": "12:30"}


def test_a_chart_may_come_from_elsewhere() -> None:
    files = (PurePosixPath("deploy/values.yaml"), PurePosixPath("deploy/staging.yaml"))
    found = load_projects(DATA / "projects_configured.yaml").projects["shop"].source
    assert found == Helm("shop", "https://charts.example.com/stable", "1.4.2", files)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("chart: ./deploy/chart/", Helm("deploy/chart")),
        ("chart: 'oci://ghcr.io:443/acme/shop', version: v1", Helm("oci://ghcr.io:443/acme/shop", version="v1")),
    ],
)
def test_charts_that_are_understood(tmp_path: Path, said: str, meant: Helm) -> None:
    found = load_projects(written(tmp_path, f"    source: {{helm: {{{said}}}}}\n"))
    assert found.projects["shop"].source == meant


def test_every_mistake_in_a_configuration_is_told_at_once_with_its_place() -> None:
    told = mistakes(DATA / "projects_configured_wrong.yaml")
    assert told == (DATA / "projects_configured_wrong.txt").read_text().splitlines()
    assert not any("hunter22" in line for line in told)


def test_a_template_is_a_folder_beside_the_file(tmp_path: Path) -> None:
    (tmp_path / "templates" / "web").mkdir(parents=True)
    (tmp_path / "templates" / "README").touch()
    found = load_projects(written(tmp_path, "    source: {template: web}\n")).projects["shop"].source
    assert found == Template("web", tmp_path / "templates" / "web")
    (text,) = mistakes(written(tmp_path, "    source: {template: wep}\n"))
    assert text.startswith("octopod.yaml:6:24: projects.shop.source.template: is no folder in templates beside this")
    assert text.endswith("did you mean web?")
    (text,) = mistakes(written(tmp_path, "    source: {template: ../../etc}\n"))
    assert "must be the name of a template, such as web; a folder of the branch is `manifests:`" in text


def test_a_text_does_not_refer_to_what_is_no_text(tmp_path: Path) -> None:
    lines = "    source: {manifests: .}\n    values: {web: {replicas: 1}, all: [1]}\n    env: {A: '${values.web}'}\n"
    (text,) = mistakes(written(tmp_path, lines))
    assert text == "octopod.yaml:8:14: projects.shop.env.A: ${values.web} means nothing here; " \
        "did you mean ${values.web.replicas}?"  # fmt: skip
