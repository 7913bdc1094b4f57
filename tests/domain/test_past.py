"""What the records say of a breakage."""

from dataclasses import replace
from datetime import timedelta
from pathlib import PurePosixPath

from builders import EARLIER, NOW, a_commit, a_release, a_staging

from bot.domain import evidence
from bot.domain.checks import Stand, Stood
from bot.domain.evidence import KeyChange, Says
from bot.domain.model import Health, Stage
from bot.domain.past import changes, former, healed, on_record, passed_here, symptom
from bot.domain.project import Key, Manifests, Project

SHOP = Project("shop", "/shop.git", Manifests(PurePosixPath("deploy")), "stagings", "alerts")


def stood(number: int, ok: bool, at: int = 0, commit: str = "") -> Stood:
    since = EARLIER + timedelta(minutes=at)
    named = commit or a_commit(number)
    return Stood("s1", f"r{number}", number, named, "login", ok, "said", since, since + timedelta(minutes=1))


def test_workloads_that_are_not_well_explain_checks_that_fail() -> None:
    failing = Stand("login", False, "`/login` answers 500", NOW)
    ill = a_staging(unhealthy_since=NOW, checks=(failing, Stand("shelf", True, "", NOW)))
    assert symptom(ill).check == "login" and symptom(ill).text == "`/login` answers 500"
    down = replace(ill, engine_health=Health.DOWN, engine_reason="api: exit code 1", engine_details=("Traceback",))
    assert (symptom(down).check, symptom(down).text, symptom(down).also) == ("", "api: exit code 1", ("login",))


def test_the_check_that_failed_first_is_the_symptom() -> None:
    later, sooner = Stand("login", False, "b", NOW), Stand("shelf", False, "a", EARLIER)
    found = symptom(a_staging(unhealthy_since=EARLIER, checks=(later, sooner)))
    assert (found.check, found.also, found.since) == ("shelf", ("login",), EARLIER)


def test_of_the_very_release_only_its_own_records_count() -> None:
    records = [stood(2, False, 9), stood(2, True, 5), stood(1, True, 0)]
    assert passed_here(records, "r2") == EARLIER + timedelta(minutes=6)
    assert passed_here(records, "r3") is None


def test_the_first_bad_release_after_the_last_good_one_is_found() -> None:
    releases = [a_release(f"r{n}", Stage.LIVE) for n in (4, 3, 2, 1)]
    records = [stood(4, False, 9), stood(3, False, 6), stood(1, True, 1)]
    found = former(records, releases, releases[0], SHOP)
    assert found and (found.number, found.commit) == (1, a_commit(1))
    assert (found.first_bad, found.bad_commit, found.until) == (3, a_commit(3), EARLIER + timedelta(minutes=2))
    assert former([stood(4, False)], releases, releases[0], SHOP) is None


def test_what_fell_ill_before_anything_was_changed_is_not_put_down_to_later_releases() -> None:
    releases = [a_release(f"r{n}", Stage.LIVE) for n in (2, 1)]
    found = former([stood(2, False, 9), stood(1, False, 6), stood(1, True, 1)], releases, releases[0], SHOP)
    assert found and (found.number, found.first_bad, found.commit, found.changes) == (1, 1, a_commit(1), ())


def test_without_a_failure_on_record_nothing_follows() -> None:
    releases = [a_release(f"r{n}", Stage.LIVE) for n in (2, 1)]
    assert former([stood(1, True, 1)], releases, releases[0], SHOP) is None


def test_who_changed_a_key_last_is_said_with_it() -> None:
    one = a_release("r1", Stage.LIVE, env={"A": "1", "B": "1"})
    two = a_release("r2", Stage.LIVE, env={"A": "2", "B": "1"}, actor="UBOB")
    three = a_release("r3", Stage.LIVE, env={"A": "2", "B": "1", "C": "x"}, values={"web": {"n": 2}}, actor="UCAROL")
    found = changes([three, two, one], one, three, SHOP)
    assert found == (
        KeyChange("A", "1", "2", "UBOB"),
        KeyChange("C", None, "x", "UCAROL"),
        KeyChange("web.n", None, "2", "UCAROL", level="values"),
    )


def test_what_is_secret_by_now_has_no_value_there() -> None:
    one, two = a_release("r1", env={"KEY": "old"}), a_release("r2", env={"KEY": "new"})
    secret = replace(SHOP, keys={"KEY": Key(secret=True)})
    (found,) = changes([two, one], one, two, secret)
    assert found.secret and not found.before and not found.after


def test_a_record_says_which_keys_were_different_then() -> None:
    ill, other = a_release("r2", env={"A": "2"}), a_release("r1", env={"A": "1"})
    said = on_record(stood(1, True), other, ill)
    assert (said.says, said.differs, said.commit) == (Says.PASSES, ("A",), a_commit(1))


def test_the_baseline_is_healed_by_the_first_commit_on_which_it_was_well_again() -> None:
    assert healed([stood(4, True), stood(3, True), stood(2, False), stood(1, True)]) == a_commit(3)
    assert healed([stood(4, False), stood(3, True)]) == ""
    assert healed([stood(4, True)]) == ""


def test_a_baseline_that_is_well_when_asked_is_healed_before_that_is_on_record() -> None:
    broken = [stood(2, False), stood(1, True)]
    assert healed(broken, evidence.Testimony(Says.PASSES, a_commit(3))) == a_commit(3)
    assert healed(broken, evidence.Testimony(Says.FAILS, a_commit(3))) == ""
    assert healed(broken, evidence.Testimony(Says.PASSES, a_commit(2))) == "", "no commit did that"
