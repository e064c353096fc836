"""A report in a real browser: from the file alone, on a phone, in the dark, by keyboard, without script, on paper."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from infra.local import programs
from ops.comparison import Comparison
from ops.guide import read_guide
from ops.parity.gate import FailOn, objections
from ops.report import Fact, Report, render
from ops.stylesheet import DARK, LIGHT
from tests.fakes import comparison

PHONE = 360
_QUIET = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
"""No sandbox, for tests run as root in containers, and they open nothing but their own files."""
COMPARISONS: Mapping[str, Comparison] = {
    "agreeing": comparison.agreeing(),
    "differing": comparison.differing(),
    "void": comparison.void(),
    "large": comparison.large(2_000),
}
Scheme = Literal["light", "dark"]


@dataclass
class Opened:
    """A page, and what the browser had to say of it."""

    page: Page
    told: list[str] = field(default_factory=list)
    """Of the console, and errors that nobody caught."""
    asked: list[str] = field(default_factory=list)
    """Addresses of everything that it asked for, itself included."""


class Desk:
    """Opens reports."""

    def __init__(self, browser: Browser, folder: Path) -> None:
        self._browser, self._folder = browser, folder
        self._contexts: list[BrowserContext] = []
        for name, compared in COMPARISONS.items():
            against = tuple(objections(compared, [FailOn.DIFFERENCE, FailOn.EXPIRED_RULE]))
            facts = (Fact("Control", "php.ndjson"), Fact("Candidate", "a-file-with-a-rather-long-name-" * 4))
            (folder / f"{name}.html").write_text(
                render(Report(f"{name}, compared", facts, compared, against, read_guide())), "utf-8"
            )

    def open(
        self, name: str, *, width: int = 1280, scheme: Scheme = "light", script: bool = True, anchor: str = ""
    ) -> Opened:
        context = self._browser.new_context(
            viewport={"width": width, "height": 800}, color_scheme=scheme, java_script_enabled=script
        )
        self._contexts.append(context)
        opened = Opened(context.new_page())
        opened.page.on("console", lambda message: opened.told.append(message.text))
        opened.page.on("pageerror", lambda error: opened.told.append(str(error)))
        opened.page.on("request", lambda request: opened.asked.append(request.url))
        opened.page.goto(f"{(self._folder / f'{name}.html').as_uri()}{anchor}")
        return opened

    def close(self) -> None:
        """Close all that was opened: a page of two thousand groups goes on costing while it is there."""
        while self._contexts:
            self._contexts.pop().close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    program = programs.browser()
    if program is None:
        pytest.fail("Chromium is not installed: `make install` installs it")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=program, args=list(_QUIET))
        yield running
        running.close()


@pytest.fixture(scope="module")
def reports(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    return Desk(browser, tmp_path_factory.mktemp("reports"))


@pytest.fixture
def desk(reports: Desk) -> Iterator[Desk]:
    yield reports
    reports.close()


def _shown(page: Page) -> list[str]:
    """Places of the groups that are shown."""
    return [one.inner_text() for one in page.locator("details.group:visible .path").all()]


@pytest.mark.parametrize("name", COMPARISONS)
def test_a_page_asks_for_nothing_and_complains_of_nothing(desk: Desk, name: str) -> None:
    opened = desk.open(name)
    opened.page.wait_for_load_state("networkidle")
    opened.page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    opened.page.wait_for_load_state("networkidle")
    assert [url for url in opened.asked if not url.startswith("file://")] == []
    assert len(opened.asked) == 1, "the file itself"
    assert opened.told == []


def test_the_policy_stops_what_is_not_the_pages_own(desk: Desk) -> None:
    opened = desk.open("differing")
    with opened.page.expect_event("requestfailed") as refused:
        opened.page.evaluate(
            """() => {
                const image = document.createElement("img");
                image.src = "https://report.invalid/x.png";
                document.body.append(image);
                const script = document.createElement("script");
                script.textContent = "window.ran = true";
                document.body.append(script);
            }"""
        )
    assert opened.page.evaluate("window.ran") is None
    assert refused.value.failure == "csp"
    assert len([text for text in opened.told if "Content Security Policy" in text]) == 2


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", COMPARISONS)
def test_nothing_overflows_a_phone_but_tables_in_their_boxes(desk: Desk, name: str, scheme: Scheme) -> None:
    page = desk.open(name, width=PHONE, scheme=scheme).page
    page.evaluate("[...document.querySelectorAll('details')].slice(0, 40).forEach((one) => { one.open = true; })")
    wide = page.evaluate(
        """() => [...document.querySelectorAll("main *")].filter((one) => !one.closest(".scroll table, option")
            && one.getBoundingClientRect().right > document.documentElement.clientWidth)
            .map((one) => one.outerHTML.slice(0, 100))"""
    )
    assert wide == []
    assert page.evaluate("document.scrollingElement.scrollWidth <= document.scrollingElement.clientWidth")


def test_on_a_phone_the_sides_stand_below_each_other_with_their_names(desk: Desk) -> None:
    for width, beside in ((PHONE, False), (1280, True)):
        sides = desk.open("differing", width=width).page.locator(".difference .sides").first
        control, candidate = (sides.locator("dd").nth(number).bounding_box() for number in (0, 1))
        assert control is not None
        assert candidate is not None
        assert (control["y"] == candidate["y"]) is beside
        label = sides.locator("dt", has_text="Control").bounding_box()
        assert label is not None
        assert (label["width"] > 20) is not beside


def test_what_php_does_is_read_in_the_page_itself_on_a_phone_too(desk: Desk) -> None:
    opened = desk.open("differing", width=PHONE, script=False)
    link = opened.page.locator("details.group a[href^='#porting-']").first
    link.click()
    section = opened.page.locator(f".guide:has({link.get_attribute('href')})")
    expect(section.locator("h3")).to_be_in_viewport()
    expect(section.locator("pre").first).to_contain_text("// => ")
    assert len(opened.asked) == 1, "the file itself"


def test_groups_are_filtered_by_type(desk: Desk) -> None:
    page = desk.open("differing").page
    page.locator("#filter").get_by_label("Type").select_option("payout.update")
    assert _shown(page) == ["row:payouts.label"]
    expect(page.locator("#filter output")).to_have_text("1 of 5 groups, 310 messages")
    page.get_by_role("button", name="Show all", exact=True).click()
    assert len(_shown(page)) == 5
    expect(page.locator("#filter output")).to_have_text("5 groups, 1,576 messages")


def test_groups_are_filtered_by_text_in_their_places_and_those_that_came_along(desk: Desk) -> None:
    page = desk.open("differing").page
    text = page.get_by_label("Place or text")
    text.fill("PAYINS.")
    assert _shown(page) == ["row:payins.fee", "row:payins.history"]
    text.fill("booked.body.fee")
    assert _shown(page) == ["row:payins.fee"]
    text.fill("no such place")
    assert _shown(page) == []
    expect(page.locator("#no-match")).to_be_visible()


def test_groups_are_filtered_by_kind_and_since_together(desk: Desk) -> None:
    page = desk.open("differing").page
    page.locator("#filter").get_by_label("Since").select_option("new")
    assert len(_shown(page)) == 3
    page.locator("#filter").get_by_label("Kind").select_option("encoding")
    assert _shown(page) == ["row:payins.history"]


def test_one_group_alone_is_shown_and_all_of_them_again(desk: Desk) -> None:
    page = desk.open("differing").page
    button = page.locator("details.group").first.get_by_role("button")
    button.click()
    assert _shown(page) == ["row:payins.fee"]
    expect(button).to_have_attribute("aria-pressed", "true")
    button.click()
    assert len(_shown(page)) == 5


def test_rows_of_smaller_groups_are_filtered_too(desk: Desk) -> None:
    page = desk.open("large").page
    page.get_by_label("Place or text").fill("table_1999")
    expect(page.locator("#rest tbody tr:visible")).to_have_count(1)
    expect(page.locator("#filter output")).to_have_text("1 of 2,000 groups, 3 messages")
    page.get_by_label("Place or text").fill("table_0001")
    expect(page.locator("#rest")).to_be_hidden()
    assert _shown(page) == ["row:table_0001.column_1"]


def test_a_group_opens_by_keyboard_and_shows_where_the_focus_is(desk: Desk) -> None:
    page = desk.open("differing").page
    group = page.locator("details.group").nth(1)
    page.locator("details.group").first.locator("summary").focus()
    while not group.locator("summary").evaluate("(one) => one === document.activeElement"):
        page.keyboard.press("Tab")
    assert group.locator("summary").evaluate("(one) => getComputedStyle(one).outlineStyle") == "solid"
    assert group.get_attribute("open") is None
    page.keyboard.press("Enter")
    assert group.get_attribute("open") == ""
    page.keyboard.press("Space")
    assert group.get_attribute("open") is None


def test_every_control_has_a_name_and_every_scroll_box_can_be_reached(desk: Desk) -> None:
    page = desk.open("differing").page
    for control in page.locator("input, select, button, [role=region]").all():
        assert control.evaluate("(one) => (one.labels?.[0]?.textContent || one.ariaLabel || one.textContent).trim()")
    assert page.locator(".scroll:not([tabindex='0'])").count() == 0


def test_a_link_to_a_group_opens_it(desk: Desk) -> None:
    page = desk.open("differing").page
    anchor = page.locator("details.group").nth(3).get_attribute("id")
    linked = desk.open("differing", anchor=f"#{anchor}").page
    expect(linked.locator(f"#{anchor}")).to_have_attribute("open", "")
    expect(linked.locator(f"#{anchor} summary")).to_be_in_viewport()


def test_without_script_everything_is_there_and_opens(desk: Desk) -> None:
    page = desk.open("differing", script=False).page
    assert len(_shown(page)) == 5
    expect(page.locator("#filter")).to_be_hidden()
    assert page.locator(".only:visible").count() == 0
    group = page.locator("details.group").nth(2)
    group.locator("summary").click()
    expect(group.locator(".example")).to_be_visible()


@pytest.mark.parametrize(("scheme", "colours"), [("light", LIGHT), ("dark", DARK)])
def test_the_page_follows_the_readers_scheme(desk: Desk, scheme: Scheme, colours: Mapping[str, str]) -> None:
    page = desk.open("differing", scheme=scheme).page
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert ground == f"rgb({', '.join(str(int(colours['paper'][place : place + 2], 16)) for place in (1, 3, 5))})"


def test_all_is_opened_for_paper_in_the_colours_of_ink_and_closed_again(desk: Desk) -> None:
    page = desk.open("differing", scheme="dark").page
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    assert page.locator("details:not([open])").count() == 0
    expect(page.locator("#filter")).to_be_hidden()
    ink = page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--ink')")
    assert ink.strip() == LIGHT["ink"]
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert page.locator("details.group[open]").count() == 1


def test_tables_fit_on_paper(desk: Desk) -> None:
    page = desk.open("differing", width=700).page
    page.emulate_media(media="print")
    assert (
        page.evaluate(
            "[...document.querySelectorAll('.scroll')].filter((one) => one.scrollWidth > one.clientWidth).length"
        )
        == 0
    )


def test_a_void_run_says_so_on_the_first_screen_of_a_phone(desk: Desk) -> None:
    page = desk.open("void", width=PHONE).page
    expect(page.get_by_role("heading", name="Void", exact=True)).to_be_in_viewport()
    expect(page.locator("dl.figures dd").first).to_have_css("text-decoration-line", "line-through")
