"""What `--reruns` may hide, told: the first failure of each test that was tried again; many of them fail the run."""

import socket

import pytest
import pytest_timeout

# One load peak of the machine may catch a few tests; more than that is a fault of weir or of the tests.
MOST = 3


def first_failures(config) -> list:
    """Of all tests; a worker process, which shows nothing, knows of none: its reports go to the one that started it."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    return reporter.stats.get("rerun", []) if reporter else []


@pytest.hookimpl(trylast=True)
def pytest_configure(config):
    # pytest-rerunfailures has its workers tell each test to the process that started them, in two small messages, the
    # second of which TCP would hold back until the first is acknowledged: 40 ms a test.
    if link := getattr(getattr(config, "failures_db", None), "sock", None):
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    # pytest-timeout sets its timer before the first try only. Where that was used up, the second would have no bound.
    settings = pytest_timeout._get_item_settings(item)
    if getattr(item, "execution_count", 1) > 1 and settings.timeout:
        item.config.hook.pytest_timeout_set_timer(item=item, settings=settings)


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
