"""From files to objects: which files, what YAML means, and what nobody's branch may do to the bot."""

import json
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from render_kit import LOCAL, a_tree, config, facts, mistakes, rendered

from bot.domain.errors import PermanentError
from bot.render.plain import PlainRenderer

HEAD = "apiVersion: v1\nkind: ConfigMap\n"


def names(tree: Path) -> list[str]:
    objects = PlainRenderer().render(tree, facts(), LOCAL)
    return [item["metadata"]["name"] for item in objects]


def refused(tree: Path) -> PermanentError:
    with pytest.raises(PermanentError) as caught:
        PlainRenderer().render(tree, facts(), LOCAL)
    return caught.value


def test_all_files_by_name_and_documents_in_order(tmp_path: Path) -> None:
    def one(name: str) -> str:
        return f"---\n{HEAD}metadata: {{name: {name}}}\n"

    listed = json.dumps({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "e"}})
    tree = a_tree(
        tmp_path,
        {
            "deploy/b.yml": one("c") + "---\n---\n# nothing\n" + one("d"),
            "deploy/a/x.yaml": "\ufeff" + one("b"),
            "deploy/z.json": "{\n\t" + f'"apiVersion": "v1", "kind": "List", "items": [{listed}]' + "}",
            "deploy/README.md": "not: [yaml",
            "elsewhere.yaml": "not: [yaml",
        },
    )
    assert names(tree) == ["octopod-env", "b", "c", "d", "e"]


def test_no_folder_or_no_manifest_says_where_yaml_is(tmp_path: Path) -> None:
    tree = a_tree(tmp_path, {"k8s/web.yaml": "", ".github/ci.yaml": "", "src/a.py": ""})
    error = refused(tree)
    assert "orange-button" in error.text and "`deploy`" in error.text and "`k8s`" in error.text
    assert ".github" not in error.text
    assert error.next_step
    (tree / "deploy").mkdir()
    assert "`k8s`" in refused(tree).text
    assert "hold no objects" in refused(a_tree(tmp_path, {"deploy/empty.yaml": "---\n# later\n"})).text


def test_kustomize_is_refused_by_name(tmp_path: Path) -> None:
    [mistake] = refused(a_tree(tmp_path, {"deploy/kustomization.yaml": "resources: []"})).details
    assert mistake.startswith("deploy/kustomization.yaml:1:1: kustomize is not supported")


def test_links_are_followed_only_inside_the_branch(tmp_path: Path) -> None:
    tree = a_tree(
        tmp_path, {"deploy/a.yaml": HEAD + "metadata: {name: a}", "shared/b.yaml": HEAD + "metadata: {name: b}"}
    )
    (tmp_path / "secret.yaml").write_text(HEAD + "metadata: {name: secret}")
    (tree / "deploy" / "b.yaml").symlink_to("../shared/b.yaml")
    assert names(tree) == ["octopod-env", "a", "b"]
    (tree / "deploy" / "c.yaml").symlink_to(tmp_path / "secret.yaml")
    (tree / "deploy" / "more").symlink_to("../shared")
    (tree / "deploy" / "nothing.yaml").symlink_to("missing")
    found = refused(tree).details
    assert [mistake.split(":")[0] for mistake in found] == ["deploy/c.yaml", "deploy/more", "deploy/nothing.yaml"]


def test_a_folder_that_leads_out_is_no_folder(tmp_path: Path) -> None:
    tree = a_tree(tmp_path, {"k8s/a.yaml": "", "../outside/a.yaml": HEAD + "metadata: {name: a}"})
    (tree / "deploy").symlink_to("../outside")
    assert "no manifests in `deploy`" in refused(tree).text


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    tree = a_tree(tmp_path, {"deploy/a.txt": ""})
    os.mkfifo(tree / "deploy" / "a.yaml")
    assert refused(tree).details == ("deploy/a.yaml: can't be read: it is no ordinary file",)


def test_mistakes_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "deploy/1.yaml": "a: [1\n",
        "deploy/2.yaml": HEAD + "metadata: {name: a, name: b}\n",
        "deploy/3.yaml": b"a: ok\nb: \xff\n",
        "deploy/4.yaml": "a: 1\nbell: \x07\n",
        "deploy/5.yaml": HEAD + "metadata: {name: ok}\n",
    }
    error = refused(a_tree(tmp_path, files))
    assert error.text == "The manifests of this branch have 4 mistakes."
    places = [mistake.split(": ")[0] for mistake in error.details]
    assert places == ["deploy/1.yaml:2:1", "deploy/2.yaml:3:21", "deploy/3.yaml:2:4", "deploy/4.yaml:2:7"]


def test_thousands_of_mistakes_stay_readable(tmp_path: Path) -> None:
    found = mistakes(tmp_path, config("{" + ", ".join(f"k{number}: 1" for number in range(3000)) + "}"))
    assert len(found) == 51
    assert found[-1] == "… and 2950 more"
    assert max(map(len, mistakes(tmp_path, f"apiVersion: v1\nkind: {'K' * 9000}\nmetadata: {{name: a}}"))) <= 500


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("12:30", "12:30"),
        ("1:30.5", "1:30.5"),
        ("2026-05-01", "2026-05-01"),
        ("2026-05-01 10:00:00", "2026-05-01 10:00:00"),
        ("=", "="),
        ('"${staging}: {a}"', "orange: {a}"),
        ("!!str 12", "12"),
        ("|\n    line: one\n    - two", "line: one\n- two\n"),
    ],
)
def test_text_stays_text(tmp_path: Path, written: str, value: str) -> None:
    assert rendered(tmp_path, config("\n  key: " + written))[1]["data"] == {"key": value}


def test_numbers_stay_numbers(tmp_path: Path) -> None:
    objects = rendered(tmp_path, deployment_spec("replicas: 3, half: 0.5, on: 0x10, yes: 1e3, b: true, n: null"))
    spec = objects[1]["spec"]
    assert (spec["replicas"], spec["half"], spec["b"], spec["n"]) == (3, 0.5, True, None)


def deployment_spec(fields: str) -> str:
    fields = fields.replace("on:", '"on":').replace("yes:", '"yes":')
    return (
        f"apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web}}\n"
        f"spec: {{{fields}, template: {{spec: {{containers: [{{name: web}}]}}}}}}\n"
    )


@pytest.mark.parametrize(
    ("data", "mistake"),
    [
        ("{a: .inf}", "4:11: is no number"),
        ("{a: .nan}", "4:11: is no number"),
        ("{a: 0x" + "f" * 9999 + "}", "4:11: is no number"),
        ("{a: " + "9" * 9999 + "}", "4:11: `999"),
        ("{a: !!int ''}", "4:11: `` is no int"),
        ("{a: !!bool maybe}", "4:11: `maybe` is no bool"),
        ("{a: !secret x}", "4:11: the tag !secret is not supported"),
        ("{a: !!binary eA==}", "4:11: the tag"),
        ("!!set {a}", "4:7: the tag"),
        ('{a: "\\0"}', "4:11: holds a NUL"),
        ("{a: x, a: y}", "4:14: `a` is said twice"),
        ("{1: x}", "4:8: a key must be text"),
        ("{yes: x}", "4:8: a key must be text"),
        ("{[a]: x}", "4:8: a key must be text"),
        ("{<<: x}", "4:12: `<<` takes a mapping"),
        ("&a {a: *a}", "4:7: refers to itself"),
        ("&a {<<: *a}", "4:7: refers to itself"),
        ("{a: *b}", "4:11: is no YAML: found undefined alias"),
    ],
)
def test_what_yaml_can_say_but_json_cannot(tmp_path: Path, data: str, mistake: str) -> None:
    [found] = mistakes(tmp_path, config(data))
    assert found.startswith(f"deploy/a.yaml:{mistake}")


def test_anchors_and_merge_keys(tmp_path: Path) -> None:
    data = "{a: x, b: y, <<: [{b: no, c: first}, {c: second, d: z}]}"
    assert rendered(tmp_path, config(data))[1]["data"] == {"a": "x", "b": "y", "c": "first", "d": "z"}
    shared = "&shared {labels: {a: b}, name: one}\n---\n"
    assert "undefined alias" in mistakes(tmp_path, HEAD + f"metadata: {shared}" + HEAD + "metadata: *shared\n")[0]
    twice = "apiVersion: v1\nkind: List\nitems:\n- {<<: &x {apiVersion: v1, kind: ConfigMap}, metadata: {name: a}}\n"
    objects = rendered(tmp_path, twice + "- {<<: *x, metadata: {name: b}}\n")
    assert [item["kind"] for item in objects] == ["ConfigMap"] * 3


def chain(first: str, link: str, count: int) -> str:
    return "\n".join([f"a0: &a0 {first}", *(f"a{n}: &a{n} {link.replace('@', f'*a{n - 1}')}" for n in range(1, count))])


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("[" * 100_000, "1:101: is nested too deeply"),
        ("{a: " * 100_000, "is nested too deeply"),
        ("- " * 100_000, "is nested too deeply"),
        (chain("{x: y}", "{x: @}", 3000), "unfold to too much"),
        (chain("{x: y}", "{<<: @}", 3000), "unfold to too much"),
        (chain("[x, x, x]", "[@, @, @, @, @, @, @, @, @]", 12), "unfold to too much"),
        (chain("{x: y}", "{<<: [@, @, @, @, @, @, @, @]}", 12), "unfold to too much"),
        (f"a: &a {'x' * 900_000}\n" + "\n".join(f"a{n}: *a" for n in range(5000)), "unfold to too much"),
        ("\n".join(f"a{n}: '{'${branch}' * 1000}'" for n in range(90)), "unfold to too much"),
        ("x" * 1_100_000, "is larger than 1024 kB"),
    ],
)
def test_bombs_are_mistakes(tmp_path: Path, content: str, words: str) -> None:
    [found] = mistakes(tmp_path, content, branch="b" * 250)
    assert words in found


def test_many_files_share_one_budget(tmp_path: Path) -> None:
    big = f"a: &a [{'x, ' * 99}x]\nb: [{'*a, ' * 400}*a]\n"
    tree = a_tree(tmp_path, {f"deploy/{number}.yaml": big for number in range(8)})
    assert any("unfold to too much" in mistake for mistake in refused(tree).details)
    tree = a_tree(tmp_path / "more", {f"deploy/{number}.yaml": "" for number in range(501)})
    assert "more than 500 manifest files" in refused(tree).details[0]


FRAGMENTS = st.sampled_from(
    ["apiVersion: v1\n", "kind: List\n", "items:\n", "- ", "? ", ": ", "&a ", "*a", "<<: ", "!!int ", "!", "${", "}",
     "[", "{", "---\n", "...\n", "%YAML 1.1\n", "|\n", ">-\n", "'", '"', "\\", "\t", "\x85", "\u2028", "metadata: ",
     "spec: {template: {spec: {containers: ", "kind: Deployment\n", "kind: ConfigMap\n", "name: a\n", "\n", " ", ".nan"]
)  # fmt: skip


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.one_of(st.binary(max_size=200), st.lists(FRAGMENTS, max_size=25).map(lambda parts: "".join(parts).encode())))
def test_whatever_is_in_the_file_only_mistakes_are_raised(tmp_path: Path, content: bytes) -> None:
    try:
        json.dumps(rendered(tmp_path, content), allow_nan=False)
    except PermanentError as error:
        assert error.text


def test_merges_of_nothing_are_counted_too(tmp_path: Path) -> None:
    merges = "".join(f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 10)}]}}\n" for n in range(1, 9))
    assert "unfold to too much" in mistakes(tmp_path, f"a0: &a0 {{}}\n{merges}")[0]
