"""What a soak would say of a bot that holds on to something."""

from dataclasses import replace

from soak_growth import Sample, growing, left

REST = Sample(done=0, stagings=4, memory=120_000, files=40, threads=11, children=0, database=4_000, disk=500, cpu=20)
DAY = [replace(REST, done=done, files=40 + done % 7, disk=500 + done % 9 * 100) for done in range(0, 2_000, 250)]


def test_what_comes_and_goes_is_no_growth() -> None:
    assert growing(DAY) == []


def test_what_is_never_given_back_is() -> None:
    leaking = [replace(sample, memory=120_000 + 20 * sample.done, files=40 + sample.done // 25) for sample in DAY]
    assert [said.split()[0] for said in growing(leaking)] == ["memory", "files"]


def test_what_is_too_much_at_any_time() -> None:
    busy = [*DAY, replace(DAY[-1], cpu=90)]
    assert growing(busy) == ["cpu is 90, and may be 75"]


def test_nothing_is_left_in_the_evening() -> None:
    evening = replace(REST, files=30, children=0, disk=60)
    assert left([*DAY, evening]) == []
    said = left([*DAY, replace(evening, files=49, children=1)])
    assert said == ["49 files are open, and 40 were before", "1 children are left"]
