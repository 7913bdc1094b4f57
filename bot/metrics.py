"""What `/metrics` counts. Labels take few values: methods, outcomes and phases."""

from collections import Counter as Tally
from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Gauge

from bot.domain.model import Phase


class Metrics:
    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._stagings = Gauge("octopod_stagings", "Stagings by phase", ["phase"], registry=self.registry)
        self._slack = Counter(
            "octopod_slack_calls", "Calls of Slack by method and outcome", ["method", "outcome"], registry=self.registry
        )
        self._writes = Gauge("octopod_write_transactions", "Write transactions since the start", registry=self.registry)
        self._checks = Counter(
            "octopod_health_checks", "Tries of health checks by outcome", ["outcome"], registry=self.registry
        )
        self._configuration = Gauge(
            "octopod_configuration_current", "1: octopod.yaml counts as it is; 0: it is wrong", registry=self.registry
        )

    def slack_called(self, method: str, outcome: str) -> None:
        self._slack.labels(method, outcome).inc()

    def checked(self, outcome: str) -> None:
        self._checks.labels(outcome).inc()

    def refreshed(self, phases: Iterable[Phase], writes: int, *, current: bool) -> None:
        """`current`: octopod.yaml counts as it stands."""
        tally = Tally(phases)
        for phase in Phase:
            self._stagings.labels(phase.value).set(tally[phase])
        self._writes.set(writes)
        self._configuration.set(int(current))
