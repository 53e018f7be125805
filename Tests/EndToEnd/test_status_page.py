"""The status page in a real browser: what it shows, what it changes, and who can use it."""

import json
import socket

import pytest
from selenium.webdriver.common.keys import Keys

from harness.browser import CONTRAST, Browser
from harness.eventually import eventually
from harness.requests import chat
from harness.wire import ask

pytestmark = pytest.mark.begins_first

WIDE_LIGHT, PHONE_DARK = (1280, False), (390, True)


@pytest.fixture(scope="module")
def chromium():
    running = Browser()
    yield running
    running.quit()


@pytest.fixture
def browser(chromium):
    chromium.look()
    yield chromium
    chromium.driver.get("about:blank")


def page_of(weir) -> str:
    return f"http://127.0.0.1:{weir.admin_port}/"


def opened(browser, weir) -> None:
    browser.open(page_of(weir))
    eventually(lambda: browser.text("#overall") not in ("", "not heard from yet"), "the page has heard from weir")


def status_of(weir) -> dict:
    return weir.admin("/status").json()


def busy(weir) -> None:
    """Requests of three models, streams and errors among them."""
    for number in range(12):
        assert weir.post("/v1/chat/completions", chat(), [("x-sim-fault", "status=503")]).status == 503
    assert weir.post("/v1/chat/completions", b"{").status == 400
    for number in range(6):
        body = chat(f"question {number}", model="kimi-k2", stream=number % 2 == 0)
        assert weir.post("/v1/chat/completions", body).status == 200
    assert weir.post("/v1/chat/completions", chat()).status == 200
    eventually(lambda: status_of(weir)["today"]["requests"] == 20, "20 requests are counted")


def tile(browser, name: str) -> str:
    return browser.run(
        "return [...document.querySelectorAll('#tiles div')].find((each) => each.querySelector('dt').textContent"
        " === arguments[0])?.querySelector('dd').textContent ?? ''", name)


def rows(browser, table: str) -> list:
    return browser.run(
        "return [...document.querySelectorAll(`#${arguments[0]} tbody tr`)].map((row) => [...row.children]"
        ".map((cell) => cell.textContent))", table)


class TestTheDocument:
    def test_counts_requests_tokens_and_errors(self, weir_with):
        weir = weir_with()
        busy(weir)
        told = status_of(weir)
        assert told["today"]["refused"] == 1
        assert told["today"]["failed"] == 12
        assert told["today"]["input_tokens"] > 0 and told["today"]["output_tokens"] > 0
        assert told["today"]["p50_ms"] > 0 and told["today"]["first_token_p50_ms"] > 0
        by_model = {model["name"]: model["totals"] for model in told["models"]}
        assert by_model["moonshotai/kimi-k2"]["requests"] == 6
        assert by_model["openai/gpt-4-turbo"]["failed"] == 12
        assert sum(totals["requests"] for totals in by_model.values()) == 20
        assert [error["code"] for error in told["errors"]] == ["invalid_json"] + ["upstream_503"] * 12
        scrape = weir.scrape()
        assert scrape.sum("weir_tokens_total", type="input") == told["today"]["input_tokens"]
        assert scrape.sum("weir_errors_total") == len(told["errors"])
        for name, points in (("10m", 119), ("24h", 96)):
            series = told["series"][name]
            assert {len(values) for values in series.values() if isinstance(values, list)} == {points}

    def test_holds_no_content(self, weir_with):
        weir = weir_with()
        for fault in ("status=500", "status=400", "disconnect"):
            weir.post("/v1/chat/completions", chat("s3cret-prompt", user="s3cret-user"), [("x-sim-fault", fault)])
        eventually(lambda: len(status_of(weir)["errors"]) == 3, "three errors")
        assert "s3cret" not in json.dumps(status_of(weir))

    @pytest.mark.parametrize("path, kind", [
        ("/", "text/html"), ("/assets/status.css", "text/css"), ("/assets/status.js", "text/javascript")])
    def test_its_parts_carry_a_policy_without_exceptions(self, weir, path, kind):
        reply = weir.admin(path)
        assert reply.status == 200
        assert reply.get("content-type").startswith(kind)
        policy = reply.get("content-security-policy")
        assert "default-src 'none'" in policy and "script-src 'self'" in policy and "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert weir.admin(path, "HEAD").status == 200
        assert weir.admin(path, "PUT").status == 405


class TestWhatItShows:
    def test_the_figures_of_the_requests_made(self, browser, weir_with):
        weir = weir_with()
        busy(weir)
        opened(browser, weir)
        # The second under way is not in it.
        eventually(lambda: tile(browser, "Errors, 10 minutes") == "65.0 %12 failed, 1 refused", "the share of errors")
        assert "20 requests" in tile(browser, "Cost today")
        [upstream] = rows(browser, "upstreams")
        assert "closed" in upstream
        models = {row[0]: row for row in rows(browser, "models")}
        assert models["moonshotai/kimi-k2"][1] == "6"
        assert models["openai/gpt-4-turbo"][2] == "92.3 %"
        assert "ms" in models["moonshotai/kimi-k2"][3]
        assert browser.complaints() == []

    def test_few_errors_first_and_all_on_demand(self, browser, weir_with):
        weir = weir_with()
        busy(weir)
        opened(browser, weir)
        assert len(rows(browser, "errors")) == 10
        newest = rows(browser, "errors")[0]
        assert newest[1:4] == ["invalid_json", "400", "no model"]
        assert newest[5].startswith("req_")
        more = browser.one("#more-errors")
        assert more.get_attribute("aria-expanded") == "false"
        more.send_keys(Keys.ENTER)
        assert len(rows(browser, "errors")) == 13
        assert more.get_attribute("aria-expanded") == "true"

    def test_by_itself_what_happens_later(self, browser, weir_with):
        weir = weir_with()
        opened(browser, weir)
        assert "0 requests" in tile(browser, "Cost today")
        busy(weir)
        eventually(lambda: "20 requests" in tile(browser, "Cost today"), "the page shows what came", 10)
        eventually(lambda: browser.attribute("#chart-requests path.a", "d"), "the chart has a line", 15)

    def test_charts_that_are_drawn_and_read_by_keyboard(self, browser, weir_with):
        weir = weir_with()
        busy(weir)
        opened(browser, weir)
        # The ten minutes are in groups of five seconds, of which the last is not shown before it is over.
        eventually(lambda: "all: last" in browser.one("#chart-requests").get_attribute("aria-label"),
                   "the chart's description has values", 15)
        for chart in ("requests", "latency", "money"):
            plot = browser.one(f"#chart-{chart}")
            assert plot.aria_role in ("img", "image")
            assert browser.run("return document.querySelectorAll(arguments[0] + ' path').length", f"#chart-{chart}") >= 2
        browser.one("#chart-requests").send_keys(Keys.END)
        last = browser.text("output[for=chart-requests]")
        assert "all " in last and "errors " in last
        browser.one("#chart-requests").send_keys(Keys.ARROW_LEFT)
        assert browser.text("output[for=chart-requests]") not in ("", last)

    def test_a_day_instead_of_ten_minutes(self, browser, weir_with):
        weir = weir_with()
        busy(weir)
        opened(browser, weir)
        browser.one("input[value='24h']").click()
        assert browser.attribute("#chart-latency path.a", "d").startswith("M")

    def test_names_as_text_whatever_they_hold(self, browser, weir_with):
        weir = weir_with()
        hostile = "x/<img src=/assets/status.js onerror=document.title='hacked'>"
        weir.post("/v1/chat/completions", chat(model=hostile))
        weir.post("/v1/chat/completions", chat(), [("x-sim-fault", "status=500"), ("x-request-id", "<b>bold</b>")])
        eventually(lambda: status_of(weir)["today"]["requests"] == 2, "both are counted")
        opened(browser, weir)
        assert browser.run("return document.querySelectorAll('main img, main b').length") == 0
        assert "hacked" not in browser.driver.title

    def test_nothing_from_elsewhere(self, browser, weir):
        opened(browser, weir)
        origins = browser.run("return [...new Set(performance.getEntriesByType('resource')"
                              ".map((each) => new URL(each.name).origin))]")
        assert origins == [page_of(weir).rstrip("/")]
        assert browser.complaints() == []


class TestWhenItAsks:
    def test_not_while_it_is_hidden(self, browser, weir_with):
        opened(browser, weir_with())
        browser.run("Object.defineProperty(document, 'hidden', { value: true, configurable: true });"
                    "document.dispatchEvent(new Event('visibilitychange'))")
        eventually(lambda: not browser.run("return isAsking"), "the last request is over")
        before = browser.requests("/status")
        browser.driver.execute_async_script("setTimeout(arguments[0], 2600)")
        assert browser.requests("/status") == before
        browser.run("delete document.hidden; document.dispatchEvent(new Event('visibilitychange'))")
        eventually(lambda: browser.requests("/status") > before, "it asks again when it is seen")

    def test_not_while_it_is_paused(self, browser, weir_with):
        opened(browser, weir_with())
        pause = browser.one("#pause")
        pause.send_keys(Keys.SPACE)
        assert pause.get_attribute("aria-pressed") == "true"
        eventually(lambda: not browser.run("return isAsking"), "the last request is over")
        before = browser.requests("/status")
        browser.driver.execute_async_script("setTimeout(arguments[0], 2600)")
        assert browser.requests("/status") == before
        pause.send_keys(Keys.SPACE)
        eventually(lambda: browser.requests("/status") > before, "it asks again")

    def test_it_says_plainly_when_weir_is_gone_and_goes_on_when_it_is_back(self, browser, weir_with):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            address = f"127.0.0.1:{listener.getsockname()[1]}"
        weir = weir_with({"WEIR_ADMIN_LISTEN": address})
        busy(weir)
        opened(browser, weir)
        weir.stop()
        eventually(lambda: browser.one("#gone").is_displayed(), "the page says so", 15)
        assert "weir does not answer" in browser.text("#gone")
        assert browser.one("#gone").get_attribute("role") == "alert"
        assert browser.text("#overall") == "gone"
        assert "gone" in browser.driver.title
        assert "20 requests" in tile(browser, "Cost today")
        weir_with({"WEIR_ADMIN_LISTEN": address})
        eventually(lambda: not browser.one("#gone").is_displayed(), "the page goes on", 15)
        assert browser.text("#overall") == "healthy"


class TestRollouts:
    def change(self, browser, percent: str, choice: str) -> None:
        field = browser.one("#rollouts input[type=number]")
        field.clear()
        field.send_keys(percent, Keys.ENTER)
        eventually(lambda: browser.one("#confirm").is_displayed(), "it asks first")
        assert "kimi" in browser.text("#confirm-text")
        assert browser.run("return document.activeElement.textContent") == "Cancel"
        if choice == "change":
            browser.driver.switch_to.active_element.send_keys(Keys.TAB)
        browser.driver.switch_to.active_element.send_keys(Keys.ENTER)
        eventually(lambda: not browser.one("#confirm").is_displayed(), "the question is gone")

    def percent(self, weir) -> float:
        return weir.admin("/rollouts/kimi").json()["percent"]

    def test_are_flipped_by_keyboard_after_a_question(self, browser, weir_with):
        weir = weir_with({"KIMI_ROLLOUT_PERCENTAGE": "5"})
        opened(browser, weir)
        assert "5 % of users" in browser.text("#rollouts article h3")
        self.change(browser, "37.5", "change")
        eventually(lambda: "37.5 % now" in browser.text("#rollout-result"), "the page says what it did")
        assert self.percent(weir) == 37.5
        assert "37.5 % of users" in browser.text("#rollouts article h3")
        assert browser.run("return document.activeElement.type") == "submit"
        assert browser.complaints() == []

    def test_have_a_field_each_after_a_reload_took_one_away(self, browser, weir_with):
        def named(*names) -> str:
            return "rollouts:\n" + "".join(
                f"  - {{name: {name}, from: [gpt-4], variants: [{{name: v, model: kimi-k2, percent: 1}}]}}\n"
                for name in names)

        weir = weir_with(files={"weir.yaml": named("one", "two")}, arguments=["--config", "weir.yaml"])
        opened(browser, weir)
        (weir.folder / "weir.yaml").write_text(named("two", "three"))
        eventually(lambda: browser.run(
            "return [...document.querySelectorAll('#rollouts label')].map((each) => each.textContent.split(' ').pop())"
        ) == ["two", "three"], "the page shows the rollouts of the new file")
        assert browser.run("return new Set([...document.querySelectorAll('#rollouts input')].map((each) => each.id)).size"
                           ) == 2
        assert not browser.one("#no-rollouts").is_displayed()

    def test_stay_when_the_answer_is_no(self, browser, weir_with):
        weir = weir_with({"KIMI_ROLLOUT_PERCENTAGE": "5"})
        opened(browser, weir)
        self.change(browser, "90", "cancel")
        assert self.percent(weir) == 5
        assert browser.text("#rollout-result") == ""

    @pytest.mark.parametrize("percent", ["101", "-1", "1.234", ""])
    def test_stay_when_the_share_is_none(self, browser, weir_with, percent):
        weir = weir_with({"KIMI_ROLLOUT_PERCENTAGE": "5"})
        opened(browser, weir)
        field = browser.one("#rollouts input[type=number]")
        field.clear()
        field.send_keys(percent, Keys.ENTER)
        assert not browser.run("return arguments[0].validity.valid", field)
        assert not browser.one("#confirm").is_displayed()
        assert self.percent(weir) == 5

    def test_typing_outlives_an_update(self, browser, weir_with):
        weir = weir_with()
        opened(browser, weir)
        field = browser.one("#rollouts input[type=number]")
        field.clear()
        field.send_keys("42")
        before = browser.requests("/status")
        eventually(lambda: browser.requests("/status") > before + 1, "two updates", 10)
        assert field.get_attribute("value") == "42"
        assert browser.run("return document.activeElement === arguments[0]", field)

    def test_need_the_token_where_one_is_set(self, browser, weir_with):
        weir = weir_with({"WEIR_ADMIN_TOKEN": "t0ken-of-the-test"})
        opened(browser, weir)
        assert browser.one("#token").is_displayed()
        field = browser.one("#rollouts input[type=number]")
        field.clear()
        field.send_keys("10", Keys.ENTER)
        eventually(lambda: "token first" in browser.text("#rollout-result"), "it asks for the token")
        browser.one("#token").send_keys("wrong")
        self.change(browser, "10", "change")
        eventually(lambda: "not changed" in browser.text("#rollout-result"), "the wrong one is refused")
        assert self.percent(weir) == 0
        browser.one("#token").clear()
        browser.one("#token").send_keys("t0ken-of-the-test")
        self.change(browser, "10", "change")
        eventually(lambda: "10 % now" in browser.text("#rollout-result"), "the right one is taken")
        assert self.percent(weir) == 10
        kept = browser.run("return document.documentElement.outerHTML + JSON.stringify(localStorage)"
                           " + JSON.stringify(sessionStorage) + document.cookie + location.href")
        assert "t0ken" not in kept

    def test_no_token_is_asked_for_where_none_is_set(self, browser, weir):
        opened(browser, weir)
        assert not browser.one("#token").is_displayed()


class TestWhoCanUseIt:
    @pytest.mark.parametrize("width, dark", [WIDE_LIGHT, PHONE_DARK, (320, False), (1280, True)])
    def test_every_screen(self, browser, weir_with, width, dark):
        weir = weir_with({"WEIR_ADMIN_TOKEN": "t0ken", "KIMI_ROLLOUT_PERCENTAGE": "25"})
        busy(weir)
        browser.look(width, dark=dark)
        opened(browser, weir)
        eventually(lambda: "all: last" in browser.one("#chart-requests").get_attribute("aria-label"), "a chart", 15)
        assert browser.run("return document.documentElement.scrollWidth") <= width
        assert browser.run(CONTRAST) == []
        small = browser.run(
            "return [...document.querySelectorAll('button, input, nav a')].filter((each) => each.checkVisibility())"
            ".map((each) => [each.textContent || each.id, (each.closest('label') ?? each).getBoundingClientRect()])"
            ".filter(([, box]) => box.width < 24 || box.height < 24).map(([name]) => name)")
        assert small == []
        browser.keep_screenshot(f"status-{width}-{'dark' if dark else 'light'}")

    @pytest.mark.parametrize("width", [390, 320])
    def test_names_that_have_nothing_to_break_at_stay_on_a_phones_screen(self, browser, weir_with, width):
        name = "everything_that_summaries_ask_for_goes_to_kimi_in_europe"
        rollout = (f"  - {{name: {name}, from: [acme/{'m' * 90}], "
                   f"variants: [{{name: {name}, model: kimi-k2, percent: 1}}]}}\n")
        weir = weir_with(files={"weir.yaml": f"rollouts:\n{rollout}"}, arguments=["--config", "weir.yaml"])
        weir.post("/v1/chat/completions", chat(model="x" * 200), [("x-sim-fault", "status=503")])
        browser.look(width)
        opened(browser, weir)
        assert name in browser.text("#rollouts h3")
        # What is too wide makes a phone show the page smaller, all of it.
        assert browser.run("return [innerWidth, document.documentElement.scrollWidth]") == [width, width]
        browser.one("#rollouts form button").click()
        assert browser.run("return document.documentElement.scrollWidth") == width
        browser.one("#confirm button[value='cancel']").click()

    def test_everything_has_a_name_and_a_role(self, browser, weir_with):
        weir = weir_with({"WEIR_ADMIN_TOKEN": "t0ken"})
        busy(weir)
        opened(browser, weir)
        for control in browser.all("button, input, a, table, svg[role], [role=status], article, nav, fieldset"):
            if control.is_displayed() and control.get_attribute("role") != "status":
                assert control.accessible_name, control.get_attribute("outerHTML")[:200]
        assert [level.tag_name for level in browser.all("h1")] == ["h1"]
        assert browser.one("html").get_attribute("lang") == "en"
        assert browser.one("#announcement").get_attribute("aria-live") == "polite"
        assert browser.text("#announcement") == f"weir is {browser.text('#overall')}."
        assert browser.all("#models th[scope=col]") and browser.all("#models tbody th[scope=row]")

    def test_focus_is_seen_wherever_the_tab_key_leads(self, browser, weir_with):
        weir = weir_with()
        busy(weir)
        opened(browser, weir)
        seen = []
        for _ in range(40):
            browser.driver.switch_to.active_element.send_keys(Keys.TAB)
            focused = browser.run("const at = document.activeElement; if (at === document.body) return null;"
                                  "return [at.id || at.textContent.trim() || at.value, getComputedStyle(at).outlineStyle]")
            if focused is None or focused[0] in seen:
                break
            assert focused[1] != "none", focused
            seen.append(focused[0])
        assert {"pause", "chart-requests", "chart-money", "more-errors", "Change…"} <= set(seen)

    def test_nothing_moves_for_those_who_do_not_want_it(self, browser, weir):
        def duration():
            return browser.run("return getComputedStyle(document.querySelector('main')).transitionDuration")
        browser.look(still=True)
        opened(browser, weir)
        assert duration() == "0s"
        browser.look(still=False)
        assert duration() != "0s"

    def test_a_page_of_another_site_cannot_flip(self, weir_with):
        weir = weir_with()
        reply = ask(weir.admin_port, "PUT", "/rollouts/kimi",
                    [("Origin", "https://evil.example"), ("Content-Type", "application/json")], b'{"percent":100}',
                    host=f"127.0.0.1:{weir.admin_port}")
        assert reply.status == 403
        assert weir.admin("/rollouts/kimi").json()["percent"] == 0
