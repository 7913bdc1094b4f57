"""Configuration: what is in force, how values are typed, and what can go wrong with neither."""

import json
from pathlib import PurePosixPath
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain import configuration
from bot.domain.changes import Change, WrongChange, changed
from bot.domain.configuration import (
    Difference,
    Layer,
    Overrides,
    Secret,
    combined,
    differences,
    effective,
    flat,
    key_of,
    literal,
    path_of,
    summary,
    typed_value,
    written_value,
)
from bot.domain.project import Key, Manifests, Profile, Project, SecretPlace
from bot.ports import EngineFacts, RenderFacts
from bot.render.references import fill, filled, meanings

NAMES = st.sampled_from(["a", "b", "c", "web"])
LEAVES = st.none() | st.booleans() | st.integers(0, 9) | st.text(max_size=4) | st.lists(st.integers(), max_size=2)
VALUES = st.dictionaries(
    NAMES, st.recursive(LEAVES, lambda inner: st.dictionaries(NAMES, inner, max_size=3), max_leaves=6), max_size=3
)
ENVS = st.dictionaries(NAMES, st.text(max_size=3), max_size=3)
HOSTILE = st.text() | st.sampled_from(
    ["a\nb: c", "${image}", "$${image}", "$$${", "${", "<!channel>", "🐙", "x" * 100_000, "- [a", "'\"`", "a=b,c={d}"]
)


@st.composite
def a_layer(draw: st.DrawFn) -> Layer:
    env, hidden = draw(ENVS), draw(ENVS)
    secrets = {key: Secret(place=f"env:{value}") for key, value in hidden.items() if key not in env}
    return Layer(env, draw(VALUES), secrets)


def a_project(**changes: Any) -> Project:
    given = {
        "name": "shop",
        "repo": "/shop",
        "source": Manifests(PurePosixPath("deploy")),
        "channel": "stagings",
        "alerts": "alerts",
        "env": {"PAYMENTS": "sandbox", "RETRIES": "3", "PUBLIC_URL": "${url.web}"},
        "values": {"web": {"replicas": 1}},
        "keys": {"PAYMENTS": Key("Which payments", ("sandbox", "production")), "TOKEN": Key(secret=True)},
        "profiles": {
            "production-payments": Profile(
                "production-payments",
                env={"PAYMENTS": "production"},
                secrets={"PAYMENTS_KEY": SecretPlace("live-key", "payments")},
                allowed=("@payments-team",),
            ),
            "many": Profile("many", values={"web": {"replicas": 4}, "api": {"replicas": 2}}),
        },
    }
    return Project(**{**given, **changes})


@given(a_layer(), a_layer(), a_layer())
def test_it_does_not_matter_which_profiles_are_combined_first(a: Layer, b: Layer, c: Layer) -> None:
    assert combined(combined(a, b), c) == combined(a, combined(b, c))


@given(a_layer())
def test_nothing_said_changes_nothing(layer: Layer) -> None:
    assert combined(layer, Layer()) == layer == combined(Layer(), layer)


def test_the_later_counts_and_values_are_merged_deeply() -> None:
    overrides = Overrides(("production-payments", "many"), {"RETRIES": "5"}, {"web.replicas": 2, "api.image.tag": "1"})
    found = effective(a_project(), overrides)
    assert found.env == {"PAYMENTS": "production", "RETRIES": "5", "PUBLIC_URL": "${url.web}"}
    assert found.values == {"web": {"replicas": 2}, "api": {"replicas": 2, "image": {"tag": "1"}}}
    assert found.secrets == {"PAYMENTS_KEY": Secret("payments/live-key")}


def test_a_key_is_secret_or_not_by_who_spoke_last() -> None:
    open_one, hidden = Layer({"A": "1"}), Layer(secrets={"A": Secret("env:A")})
    assert combined(open_one, hidden) == hidden and combined(hidden, open_one) == open_one


@given(st.dictionaries(NAMES, HOSTILE, min_size=1), st.data())
def test_unset_removes_exactly_one_key(env: dict[str, str], data: st.DataObject) -> None:
    key = data.draw(st.sampled_from(sorted(env)))
    before = Overrides(("many",), env, {"a": 1})
    after = changed(before, Change(unset_env=(key,)), a_project())
    assert after == Overrides(("many",), {k: v for k, v in env.items() if k != key}, {"a": 1})


@given(st.dictionaries(NAMES, LEAVES, min_size=1), st.data())
def test_unset_of_a_value_removes_exactly_one_key(values: dict[str, Any], data: st.DataObject) -> None:
    key = data.draw(st.sampled_from(sorted(values)))
    after = changed(Overrides(values=values), Change(unset=(key,)), a_project())
    assert after.values == {k: v for k, v in values.items() if k != key}


@given(HOSTILE)
def test_what_people_type_is_never_a_reference(text: str) -> None:
    found = effective(a_project(), Overrides(env={"A": text}, values={"web.title": text, "web.all": [{"x": text}]}))
    facts = RenderFacts("s1", "r1", "x", "shop", "x", "c" * 40, "ns", Manifests(PurePosixPath()), {}, "http")
    mistakes: list[str] = []
    assert fill(found.env["A"], {}) == text
    meant = filled(found.values, meanings(facts, EngineFacts("local", frozenset())), mistakes)
    assert (meant["web"]["title"], meant["web"]["all"], mistakes) == (text, [{"x": text}], [])
    assert fill(literal(text), {}) == text


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2", 2),
        ("-3", -3),
        ("0.5", 0.5),
        ("true", True),
        ("null", None),
        ("yes", "yes"),
        ("True", "True"),
        ("1.10", "1.10"),  # a version
        ("007", "007"),
        ("1e5", "1e5"),
        ("12345678901234567890", "12345678901234567890"),  # a card number, which YAML's readers would round
        ("NaN", "NaN"),
        ("", ""),
        ("a=b=c", "a=b=c"),
        ("a,b", "a,b"),
        ('"2"', "2"),
        ('{"a": [1, "x"]}', {"a": [1, "x"]}),
        ("[]", []),
    ],
)
def test_types_of_typed_values(text: str, value: Any) -> None:
    found = typed_value(text)
    assert found == value and type(found) is type(value)


def test_what_looks_like_json_but_is_none_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="looks like JSON"):
        typed_value("{a,b}")


@given(st.recursive(LEAVES | HOSTILE, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner)))
def test_values_come_back_as_they_were_written(value: Any) -> None:
    assert typed_value(written_value(value)) == value


@given(st.lists(st.text("abc./-", min_size=1), min_size=1))
def test_dotted_keys_come_back(path: list[str]) -> None:
    assert list(path_of(key_of(path))) == path
    assert [key for key, _ in flat(configuration._nested(path, 1))] == [key_of(path)]


def test_all_mistakes_of_a_change_are_told_at_once() -> None:
    change = Change(
        profiles=("production-payment",),
        drop_profiles=("many",),
        env=(("PAYMENTS", "live"), ("1X", ""), ("TOKEN", "hush"), ("PAYMENTS_KEY", "hush"), ("A", "1"), ("A", "2")),
        unset_env=("RETRIES",),
        values=(("web..x", 1), ("b", 2)),
        unset=("b", "c"),
    )
    with pytest.raises(WrongChange) as caught:
        changed(Overrides(env={"B": "1"}), change, a_project())
    told = caught.value.text
    assert "There is no profile `production-payment`. Did you mean `production-payments`?" in told
    assert "This staging does not have the profile `many`. It has none." in told
    assert "`PAYMENTS` can be `sandbox` or `production`, not `live`." in told
    assert "`1X` can't be a key of `env`" in told and "`web..x` can't be a key of `values`" in told
    assert "`TOKEN` is secret: enter it with [Config…]" in told and "`PAYMENTS_KEY` is secret" in told
    assert "hush" not in told and "hush" not in str([m for m in caught.value.mistakes])
    assert "`A` is given twice." in told and "`b` is both set and unset." in told
    assert "`RETRIES` is not changed on this staging. Changed is `B`." in told
    assert "`c` is not changed on this staging. Changed is nothing." in told


def test_a_profile_that_left_octopod_yaml_must_be_dropped_first() -> None:
    before = Overrides(("old",))
    with pytest.raises(WrongChange, match="config --drop-profile old"):
        changed(before, Change(env=(("A", "1"),)), a_project())
    assert changed(before, Change(drop_profiles=("old",)), a_project()) == Overrides()


def test_profiles_keep_their_order_and_come_once() -> None:
    after = changed(Overrides(("many",)), Change(profiles=("production-payments", "many")), a_project())
    assert after.profiles == ("many", "production-payments")


def test_numbers_and_truth_are_not_the_same() -> None:
    one, two, three = ({"x": value} for value in (1, True, 1.0))
    assert Overrides(values=one) == Overrides(values=dict(one)) != Overrides(values=two) != Overrides(values=three)
    assert Layer(values={"a": one}) == Layer(values={"a": one}) != Layer(values={"a": two})


def test_what_differs_is_told_without_secrets() -> None:
    project = a_project()
    ours = Overrides(("production-payments",), {"RETRIES": "5"}, {"web.replicas": 2})
    found = differences(effective(project, Overrides()), effective(project, ours))
    assert {(one.key, one.before, one.after, one.secret) for one in found} == {
        ("PAYMENTS", "sandbox", "production", False),
        ("RETRIES", "3", "5", False),
        ("PAYMENTS_KEY", None, "", True),
        ("web.replicas", "1", "2", False),
    }
    assert list(summary(ours)) == ["production-payments", "RETRIES=5", "web.replicas=2"]


def test_secrets_are_compared_by_their_marks_where_both_have_one() -> None:
    def layer(*given: str) -> Layer:
        return Layer(secrets={"K": Secret(*given)})

    same = [
        (("env:A", "", "m"), ("env:B", "", "m")),
        (("env:A",), ("env:A", "", "m")),
        (("", "x", "m"), ("", "y", "m")),
    ]
    other = [
        (("env:A", "", "m"), ("env:A", "", "n")),
        (("env:A",), ("env:B", "", "m")),
        (("", "x", "m"), ("", "x", "n")),
    ]
    assert [list(differences(layer(*a), layer(*b))) for a, b in same] == [[], [], []]
    assert [list(differences(layer(*a), layer(*b))) for a, b in other] == [[Difference("K", "", "", True)]] * 3
    assert list(differences(Layer({"K": "open"}), layer("env:A"))) == [Difference("K", "open", "", True)]


@given(a_layer())
def test_nothing_differs_from_itself(layer: Layer) -> None:
    again = json.loads(json.dumps({"env": layer.env, "values": layer.values}))
    assert list(differences(layer, Layer(**again, secrets=layer.secrets))) == []
