"""A plugin for all tests: with OCTOPOD_TEST_NO_SKIPS=1, as `.ci/run` has it, a test that was skipped is a failure."""

import os

import pytest
from hypothesis import settings

# How long an example takes says more of the machine than of what is tested.
settings.register_profile("octopod", deadline=None)
settings.load_profile("octopod")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("OCTOPOD_TEST_NO_SKIPS") == "1" and reporter and reporter.stats.get("skipped"):
        reporter.write_line("Skipped tests are failures here: OCTOPOD_TEST_NO_SKIPS=1", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
