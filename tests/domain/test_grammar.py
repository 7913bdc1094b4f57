"""What people type, as phones and desktops send it through Slack, and what the bot understands."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.commands import (
    Command,
    Config,
    Delete,
    Deploy,
    Diff,
    Extend,
    Help,
    Info,
    List,
    Logs,
    Projects,
    Reset,
    Rollback,
    Sleep,
    Undo,
    Wake,
    WhatHappened,
    Why,
)
from bot.domain.errors import UserError
from bot.domain.grammar import MOST_CHARACTERS, parse, render, reread, typed, usage
from bot.domain.naming import valid_name
from bot.domain.pulls import Named
from bot.domain.verbs import MOST_LINES
from bot.domain.words import strip_mention

DEPLOY = (
    "deploy [BRANCH] [as NAME] [--profile PROFILE]… [--env KEY=VALUE]… [--set KEY=VALUE]… [--pull #PULL] "
    "[--fork COMMIT] [--project PROJECT]"
)


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("deploy feature-x", Deploy("feature-x")),
        ("deploy feature/PAY-12_X as pay", Deploy("feature/PAY-12_X", "pay")),
        ("deploy #12", Deploy(pull=Named(12))),
        ("deploy !12 as pay", Deploy(name="pay", pull=Named(12))),
        ("deploy --pr #12", Deploy(pull=Named(12))),
        ("deploy <https://github.com/a/b/pull/12|b#12>", Deploy(pull=Named(12, "https://github.com/a/b"))),
        ("deploy <https://gitlab.com/a/b/-/merge_requests/12>", Deploy(pull=Named(12, "https://gitlab.com/a/b"))),
        (f"deploy #12 --fork {'A' * 40}", Deploy(pull=Named(12), fork="a" * 40)),
        ("deploy refs/pull/12/head", Deploy(pull=Named(12))),
        ("info #12", Info("#12")),
        ("deploy x --project shop", Deploy("x", project="shop")),
        ("deploy --project=shop x as y", Deploy("x", "y", "shop")),
        ("deploy", Deploy()),
        ("deploy as pay", Deploy(name="pay")),
        ("update x", Deploy("x")),
        ("redeploy x", Deploy("x")),
        ("create x", Deploy("x")),
        (
            "deploy x --profile live -e A=1 --env B=a=b,c --set web.replicas=2 --set web.tag=1.10",
            Deploy(
                "x", None, None, ("live",), (("A", "1"), ("B", "a=b,c")), (("web.replicas", 2), ("web.tag", "1.10"))
            ),
        ),
        ("config", Config()),
        ("config x", Config("x")),
        ("config --unset-env A --unset a.b --drop-profile p", Config(None, None, (), ("p",), (), ("A",), (), ("a.b",))),
        ('config x --env A="b c" --env=B="d e"', Config("x", env=(("A", "b c"), ("B", "d e")))),
        ("config x --env “A=b c” --env C=", Config("x", env=(("A", "b c"), ("C", "")))),
        ('config x --set a="2" --set "b=2" --set c=true', Config("x", values=(("a", "2"), ("b", 2), ("c", True)))),
        ("config x --set 'a={\"b\": [1]}' --set=c=null", Config("x", values=(("a", {"b": [1]}), ("c", None)))),
        ("config x —set a=“b” -e U=<https://x.test|x.test>", Config("x", env=(("U", "x.test"),), values=(("a", "b"),))),
        ("diff", Diff()),
        ("diff x last-good", Diff("x", "last-good")),
        ("compare x with main", Diff("x", "main")),
        ("list", List()),
        ("list mine", List(mine=True)),
        ("ls --mine -p shop", List(mine=True, project="shop")),
        ("info", Info()),
        ("why", Why()),
        ("explain x", Why("x")),
        ("what-happened x", WhatHappened("x")),
        ("story x 24h", WhatHappened("x", timedelta(hours=24))),
        ("history last 2d", WhatHappened(None, timedelta(days=2))),
        ("status x", Info("x")),
        ("logs", Logs()),
        ("logs x web --lines 100", Logs("x", "web", 100)),
        ("logs --workload web", Logs(workload="web")),
        ("logs -n 5 x", Logs("x", lines=5)),
        ("extend", Extend()),
        ("extend x by 2d", Extend("x", timedelta(days=2))),
        ("extend x for 2d", Extend("x", timedelta(days=2))),
        ("prolong x 1h30m", Extend("x", timedelta(minutes=90))),
        ("extend 2d", Extend(by=timedelta(days=2))),
        ("extend by 2d", Extend(by=timedelta(days=2))),
        ("delete x --now", Delete("x", now=True)),
        ("sleep x", Sleep("x")),
        ("archive", Sleep()),
        ("restore x -p shop", Wake("x", "shop")),
        ("undo x", Undo("x")),
        ("reset x —yes", Reset("x", yes=True)),
        ("rollback x", Rollback("x")),
        ("rollback x 3", Rollback("x", 3)),
        ("rollback x to 3", Rollback("x", 3)),
        ("rollback 3", Rollback(number=3)),
        ("extend 2d 1d", Extend("2d", timedelta(days=1))),
        ("extend 2d by 1d", Extend("2d", timedelta(days=1))),
        ('extend "2d"', Extend("2d")),
        ("delete", Delete()),
        ("delete x --yes", Delete("x", yes=True)),
        ("rm -y x", Delete("x", yes=True)),
        ("remove x", Delete("x")),
        ("destroy x", Delete("x")),
        ("cleanup x", Delete("x")),
        ("help", Help()),
        ("help deploy", Help("deploy")),
        ("help ls", Help("list")),
        ("deploy --help", Help("deploy")),
        ("--help", Help()),
        ("?", Help()),
        ("", Help()),
        (" \n\t\u00a0 ", Help()),
    ],
)
def test_commands(text: str, command: Command) -> None:
    assert parse(text) == command


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("Deploy feature-x", Deploy("feature-x")),
        ("deploy\u00a0feature-x\nas\tpay", Deploy("feature-x", "pay")),
        ("delete x —yes", Delete("x", yes=True)),
        ("delete x –yes", Delete("x", yes=True)),
        ("delete x –-Yes", Delete("x", yes=True)),
        ("delete x –y", Delete("x", yes=True)),
        ("list —project=shop", List(project="shop")),
        ("list --project=“my shop”", List(project="my shop")),
        ("deploy “feature-x”", Deploy("feature-x")),
        ("deploy ‘feature-x’", Deploy("feature-x")),
        ("deploy «feature-x»", Deploy("feature-x")),
        ("deploy don't-panic", Deploy("don't-panic")),
        ("deploy don’t-panic", Deploy("don’t-panic")),
        ("deploy 'don't-panic'", Deploy("don't-panic")),
        ("deploy a\"b'c`d", Deploy("a\"b'c`d")),
        ("deploy `feature-x`", Deploy("feature-x")),
        ("deploy ```feature-x```", Deploy("feature-x")),
        ("`deploy feature-x`", Deploy("feature-x")),
        ("`deploy a&amp;b`", Deploy("a&b")),
        ("deploy `as` as `x`", Deploy("as", "x")),
        ("deploy a&amp;b&lt;c&gt;d", Deploy("a&b<c>d")),
        ("deploy a&amp;amp;b", Deploy("a&amp;b")),
        ("deploy a&copy;b", Deploy("a&copy;b")),
        ("deploy &lt;@U1&gt;", Deploy("<@U1>")),
        ("deploy <http://release.io|release.io>", Deploy("release.io")),
        ("deploy fix-<http://release.io|release.io>-x", Deploy("fix-release.io-x")),
        ("deploy <mailto:a@b.io|a@b.io>", Deploy("a@b.io")),
        ("info <https://x.shop.test/login>", Info("https://x.shop.test/login")),
        ("info <https://x.shop.test|our staging>", Info("https://x.shop.test")),
        ("info <@U1|bob>", Info("@bob")),
        ("info <@U1>", Info("@U1")),
        ("info <#C1|general>", Info("#general")),
        ("info <!subteam^S1|@platform>", Info("@platform")),
        ("deploy feature-x.", Deploy("feature-x.")),
        ("deploy \u200bfeature-x\u200b", Deploy("feature-x")),
        ("/octopod deploy x", Deploy("x")),
        ("deploy #12-fix", Deploy("#12-fix")),
        ('deploy "#12"', Deploy("#12")),
        ("deploy ünïcode/日本", Deploy("ünïcode/日本")),
        ('deploy "a\u00a0b"', Deploy("a\u00a0b")),
    ],
)
def test_text_as_it_really_arrives(text: str, command: Command) -> None:
    assert parse(text) == command


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("<@U0BOT> deploy x", "deploy x"),
        ("  <@U0BOT|octopod>:\u00a0deploy x", "deploy x"),
        ("<@W0BOT>, list", "list"),
        ("<@U0BOT>", ""),
        ("deploy <@U0BOT>", "deploy <@U0BOT>"),
        ("deploy x", "deploy x"),
    ],
)
def test_the_mention_at_the_beginning_is_taken_away(text: str, rest: str) -> None:
    assert strip_mention(text) == rest


def mistakes(text: str) -> list[str]:
    with pytest.raises(UserError) as caught:
        parse(text)
    return caught.value.text.splitlines()


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("deplyo x", "`deplyo` is not a command. Did you mean `deploy`? Try `/octopod help`."),
        ("frobnicate", "`frobnicate` is not a command. Try `/octopod help`."),
        ("undoo x", "`undoo` is not a command. Did you mean `undo`? Try `/octopod help`."),
        ("hold x", "`hold` is not supported yet."),
        ("Hold", "`Hold` is not supported yet."),
        ("help exec", "COMMAND `exec` is not supported yet."),
        ("help dploy", "COMMAND `dploy` is not a command. Did you mean `deploy`? Try `/octopod help`."),
        ('deploy ""', "BRANCH is empty."),
        ("deploy x y", f"`y` is one word too many: `{DEPLOY}`."),
        ("deploy x as", "`as` must be followed by NAME."),
        ("deploy x as --project shop", "`as` must be followed by NAME."),
        ("deploy x --project=", "`--project` must be followed by PROJECT."),
        ("deploy x as Pay_1", "NAME `Pay_1` must be at most 40 letters a–z, digits and dashes, such as `pay-1`."),
        ("deploy x --image nginx", "`--image` is not supported yet."),
        ("deploy x --env A", "KEY=VALUE `A` must have a key, `=` and a value."),
        ("deploy x --env =hush", "KEY=VALUE `` must have a key, `=` and a value."),
        (
            "config x --set a={b,c}",
            "KEY=VALUE `a` looks like JSON, but is none; put the value in quotes if it is text.",
        ),
        (
            "deploy x PAY=production",
            "What is `PAY=…`? Write `--env PAY=…` for the application, `--set PAY=…` for the deployment.",
        ),
        (
            "set x A=b",
            "`set` is not a command. Did you mean `config STAGING --set KEY=VALUE`? `/octopod help config` says more.",
        ),
        ("deploy x --env A='b", "The quote before `A=b` is not closed."),
        ("deploy x --projekt", "`--projekt` is not an option of `deploy`. Did you mean `--project`?"),
        ("list --yes", "`--yes` is not an option of `list`."),
        ("delete x --yes=no", "`--yes` takes no value."),
        ("delete x -y --yes", "--yes is given twice."),
        ("list -p a -p b", "PROJECT is given twice."),
        ("extend x by soon", "DURATION `soon` must be a duration such as 3d, 12h or 1h30m."),
        ("extend x 0d", "DURATION `0d` must be longer than nothing, such as 3d, 12h or 1h30m."),
        ("logs x --lines many", "LINES `many` must be a number from 1 to 500."),
        ("logs x --lines 0", "LINES `0` must be a number from 1 to 500."),
        ("deploy --pull x", "#PULL `x` must be the number of a pull request, such as #123, or its link."),
        (
            "deploy #12 --fork 1a2b3c4",
            "COMMIT `1a2b3c4` must be a commit with all of its 40 digits: fewer could be another one's, too.",
        ),
        ("deploy “feature-x", "The quote before `feature-x` is not closed."),
        ("list --project='shop", "The quote before `shop` is not closed."),
        ("deploy `feature-x", "The quote before `feature-x` is not closed."),
    ],
)
def test_what_is_wrong_is_said_in_words(text: str, mistake: str) -> None:
    assert mistakes(text) == [mistake]


def test_all_mistakes_are_told_at_once() -> None:
    assert mistakes("deploy --image a=b --frob #12 surplus as Ä 'open") == [
        "The quote before `open` is not closed.",
        "`--image` is not supported yet.",
        "`--frob` is not an option of `deploy`. Did you mean `--fork`?",
        "NAME `Ä` must be at most 40 letters a–z, digits and dashes, such as `a`.",
        f"`surplus` is one word too many: `{DEPLOY}`.",
        f"`open` is one word too many: `{DEPLOY}`.",
    ]
    assert len(mistakes("deploy x y --frob --brof")) == 3


def test_long_and_many_lined_words_are_shown_short() -> None:
    (mistake,) = mistakes("list `a\nb" + "x" * 200 + "`")
    assert "`a bx" in mistake and "…`" in mistake and len(mistake) < 200


def test_a_novel_is_no_command() -> None:
    assert mistakes('"a ' * 10_000) == ["That is too long for a command: it may have 3000 characters."]


def test_help_lists_every_command_and_each_example_is_one() -> None:
    lines = usage()
    assert [line.syntax.split()[0] for line in lines] == [
        *("deploy", "config", "diff", "list", "info", "why", "what-happened", "logs", "extend", "delete"),
        *("undo", "sleep", "wake", "rollback", "reset"),
        *("freeze", "unfreeze", "keep", "unkeep", "mute", "unmute", "projects", "help"),
    ]
    assert lines[8].syntax == "extend [STAGING] [by DURATION] [--project PROJECT]"
    for line in lines:
        command = parse(line.example)
        assert usage(line.syntax.split()[0]) == [line]
        assert type(command).__name__.lower() == line.syntax.split()[0].replace("-", "")


@pytest.mark.parametrize(
    ("command", "text"),
    [
        (Deploy("feature-x", "pay", "shop"), "deploy feature-x as pay --project shop"),
        (Deploy("as"), 'deploy "as"'),
        (Deploy("a&b"), "deploy a&b"),
        (List(mine=True), "list mine"),
        (WhatHappened("2d", timedelta(days=1)), 'what-happened "2d" last 1d'),
        (Logs(None, "web", 20), "logs --workload web --lines 20"),
        (Extend("2d", timedelta(hours=36)), 'extend "2d" by 1d12h'),
        (Delete("x", yes=True), "delete x --yes"),
        (Delete("x", now=True), "delete x --now"),
        (Rollback("x", 3), "rollback x 3"),
        (Rollback("3", 4), 'rollback "3" 4'),
        (Rollback(None, 4, "shop"), "rollback to 4 --project shop"),
        (Reset("x", yes=True), "reset x --yes"),
        (Help(), "help"),
        (Projects(), "projects"),
        (
            Config("x", env=(("A", "b c"), ("B", "1")), values=(("n", 2), ("t", "2"), ("o", {"a": 1}))),
            'config x --env "A=b c" --env B=1 --set n=2 --set "t=\\"2\\"" --set "o={\\"a\\": 1}"',
        ),
    ],
)
def test_commands_as_a_person_would_type_them(command: Command, text: str) -> None:
    assert typed(command) == text


words = st.one_of(
    st.sampled_from(["as", "mine", "by", "2d", "#1", "--yes", "—x", "-p", "don't", '"', "\\", "a\\", "<@U1>", "&amp;"]),
    st.text(min_size=1, max_size=30),
    st.text("\"'“”`\\ \u00a0-<>&|=", min_size=1, max_size=8),
)
maybe = st.none() | words
names = st.none() | st.text("abc-1", min_size=1, max_size=40).filter(valid_name)
spans = st.none() | st.integers(1, 315_000_000).map(lambda seconds: timedelta(seconds=seconds))
several = st.lists(words, max_size=2).map(tuple)
keys = st.text('ABab_.\\-="', min_size=1, max_size=5).map(lambda key: "K" + key.replace("=", ""))
pairs = st.lists(st.tuples(keys, words | st.just("")), max_size=2).map(tuple)
repos = st.sampled_from(["", "https://github.com/a/b", "https://gitlab.com/a/b&c"])
pulls = st.none() | st.builds(Named, st.integers(1, 999), repos)
json_values = st.recursive(st.none() | st.booleans() | st.integers(-9, 9) | words, st.lists, max_leaves=3)
typed_pairs = st.lists(st.tuples(keys, json_values), max_size=2).map(tuple)
commands: st.SearchStrategy[Command] = st.one_of(
    st.builds(Deploy, words, names, maybe, several, pairs, typed_pairs, pulls, st.none() | st.just("a" * 40)),
    st.builds(Diff, maybe, maybe, maybe),
    st.builds(Config, maybe, maybe, several, several, pairs, several, typed_pairs, several),
    st.builds(List, st.booleans(), maybe),
    st.builds(Info, maybe, maybe),
    st.builds(Why, maybe, maybe),
    st.builds(WhatHappened, maybe, spans, maybe),
    st.builds(Logs, maybe, maybe, st.none() | st.integers(1, MOST_LINES), maybe),
    st.builds(Extend, maybe, spans, maybe),
    st.builds(Delete, maybe, st.booleans(), st.booleans(), maybe),
    st.builds(Rollback, maybe | st.just("3"), st.none() | st.integers(0, 999_999), maybe),
    st.builds(Reset, maybe, st.booleans(), maybe),
    st.one_of(*(st.builds(one, maybe, maybe) for one in (Sleep, Wake, Undo))),
    st.just(Projects()),
    st.builds(Help, st.sampled_from([None, "deploy", "list", "info", "logs", "extend", "delete", "projects", "help"])),
)


@given(commands)
def test_a_command_written_down_is_read_as_itself(command: Command) -> None:
    assert reread(render(command)) == command


def test_half_a_character_is_replaced() -> None:
    assert parse("info a\ud83d\ude00b\ud83dc") == Info("a\U0001f600b\ufffdc")


def test_what_grew_by_being_written_down_is_read_all_the_same() -> None:
    longer = parse("info " + '"' + "'&" * 1400 + '"')
    assert len(render(longer)) > MOST_CHARACTERS and reread(render(longer)) == longer


@given(
    st.text()
    | st.lists(words, max_size=6).map(" ".join)
    | st.lists(words, max_size=6).map(lambda w: " ".join(["deploy", *w]))
)
def test_no_text_breaks_the_parser(text: str) -> None:
    try:
        parse(text)
    except UserError as error:
        assert error.text
