"""A minute in which everybody pushes: a thousand pushes to fifty branches, of which their host tells as hosts do.

The host, its webhooks and the looks are played on a clock of their own; the rule is the real one. What it has deployed
is counted.
"""

import random
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise

import pytest
from builders import NOW, a_commit, seconds

from bot.domain.following import RHYTHM, Look, Moved, Repository, asked, listed

BRANCHES = [f"branch-{number}" for number in range(50)]
PUSHES, MINUTE = 1000, 60.0
LATEST, LOOK = 3.0, 0.3  # seconds that a webhook and a look take at most
SETTLE, APART, MOST = (span.total_seconds() for span in (RHYTHM.settle, RHYTHM.apart, RHYTHM.most))


class Storm:
    """`lost`: the part of webhooks that never arrive. Some of the others come twice, and late, so out of order.

    `deployed`: of each branch when and what. `waited`: from each push to the deploy of it or of a later one.
    """

    def __init__(self, lost: float, seed: int) -> None:
        self.chances = random.Random(seed)
        self.heads = {branch: a_commit(0) for branch in ["main", *BRANCHES]}
        self.repository = listed(Repository("shop", NOW), self.heads, Look(NOW, NOW, 0)).repository
        self.deployed: dict[str, list[tuple[datetime, str]]] = defaultdict(list)
        self.waiting: dict[str, list[float]] = defaultdict(list)
        self.waited: list[float] = []
        self.looks = 0
        self.agenda = sorted(self._pushes(lost), reverse=True)

    def _pushes(self, lost: float) -> Iterator[tuple[float, str, str]]:
        """What happens when: a push of a commit to a branch, or a webhook."""
        for number in range(1, PUSHES + 1):
            at = self.chances.uniform(0, MINUTE)
            yield at, self.chances.choice(BRANCHES), a_commit(number)
            for _ in range(0 if self.chances.random() < lost else self.chances.choice([1, 1, 2])):
                yield at + self.chances.uniform(0, LATEST), "", ""

    def rages(self, until: float) -> None:
        while (due := (self.repository.next_look - NOW).total_seconds()) < until:
            if self.agenda and self.agenda[-1][0] <= due:
                self._happens()
            else:
                self._look(due)

    def _happens(self) -> None:
        at, branch, commit = self.agenda.pop()
        if branch:
            self.heads[branch] = commit
            self.waiting[branch].append(at)
        else:
            self.repository = asked(self.repository, NOW + seconds(at))

    def _look(self, began: float) -> None:
        self.looks += 1
        shown, ended = began + LOOK / 2, began + LOOK
        self._happens_until(shown)
        listing, pushed = dict(self.heads), {branch: list(times) for branch, times in self.waiting.items()}
        self._happens_until(ended)
        look = Look(NOW + seconds(began), NOW + seconds(ended), self.chances.random())
        outcome = listed(self.repository, listing, look)
        self.repository = outcome.repository
        for news in outcome.news:
            assert isinstance(news, Moved) and news.commit == listing[news.branch]
            self.deployed[news.branch].append((look.ended, news.commit))
            self.waited += [ended - at for at in pushed[news.branch]]
            del self.waiting[news.branch][: len(pushed[news.branch])]

    def _happens_until(self, moment: float) -> None:
        while self.agenda and self.agenda[-1][0] <= moment:
            self._happens()


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("lost", "most_deploys", "longest"),
    [(0.0, 7, SETTLE + LATEST + APART + 2 * LOOK), (0.3, 7, 2 * SETTLE), (1.0, 3, MOST + 2 * LOOK)],
)
def test_every_branch_ends_at_its_head_with_few_deploys(
    lost: float, most_deploys: int, longest: float, seed: int
) -> None:
    storm = Storm(lost, seed)
    storm.rages(until=3 * MINUTE)
    assert not storm.agenda and len(storm.waited) == PUSHES
    for branch in BRANCHES:
        deployed = storm.deployed[branch]
        assert deployed[-1][1] == storm.heads[branch]
        assert len(deployed) <= most_deploys
        for (before, old), (after, new) in pairwise(deployed):
            assert old != new and after - before >= RHYTHM.settle
    assert max(storm.waited) <= longest
    assert storm.looks <= MINUTE / APART + 10
