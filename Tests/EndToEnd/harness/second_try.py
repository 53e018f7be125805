"""What `--reruns` may hide, told: the first failure of each test that was tried again; many of them fail the run."""

import pytest

# One load peak of the machine may catch a few tests; more than that is a fault of weir or of the tests.
MOST = 3


def first_failures(config) -> list:
    return config.pluginmanager.get_plugin("terminalreporter").stats.get("rerun", [])


def pytest_terminal_summary(terminalreporter):
    for report in first_failures(terminalreporter.config):
        terminalreporter.section(f"tried again: {report.nodeid}", sep="_")
        terminalreporter.write_line(report.longreprtext)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session):
    count = len(first_failures(session.config))
    if count > MOST and session.exitstatus == pytest.ExitCode.OK:
        session.config.get_terminal_writer().line(f"\n{count} tests failed at their first try, at most {MOST} may")
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
