from html.parser import HTMLParser

import pytest

from contracts.shown import ShownDifference
from contracts.verdict import Verdict
from ops.comparison import DifferingGroup, Example, TypeAgreement
from ops.report import Fact, Report, render

HOSTILE = "</style></title><script>alert('x')</script>\"onmouseover=\"alert(1)' & <b>\x1b[31m\u202e\x00\udce9"
TYPES = (TypeAgreement("payin.create", {Verdict.MATCH: 3, Verdict.MISMATCH: 1}, 1.25, 4.8),)
SIGNATURE = 'payin.create | row:payins.fee | value | "9.9" -> "9.9"'


class Page(HTMLParser):
    """What a browser would make of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.text += data


def _group(text: str, *, signature: str | None = None) -> DifferingGroup:
    differences = (
        ShownDifference(text, text, text, text, text, text),
        ShownDifference("row:payins.fee", "value", '"9.9"', '"9.9"', "0.13", "0.12"),
        ShownDifference("row:payins.debtor", "missing", '"a"', "-", "***", None),
    )
    return DifferingGroup(signature or text, 2000, (text,), (Example(text, Verdict.MISMATCH, differences),))


def _report(text: str) -> Report:
    types = (TypeAgreement(text, {Verdict.MATCH: 1}), *TYPES)
    return Report(text, (Fact(text, text),), types, (_group(text), _group(text, signature=SIGNATURE)))


def test_no_value_can_leave_its_place() -> None:
    hostile, harmless = Page(render(_report(HOSTILE))), Page(render(_report("harmless")))
    assert hostile.tags == harmless.tags
    assert hostile.attributes == harmless.attributes
    assert "script" not in hostile.tags
    assert not hostile.open


def test_a_hostile_value_is_readable_as_text() -> None:
    text = Page(render(_report(HOSTILE))).text
    assert "<script>alert('x')</script>\"onmouseover=\"alert(1)' & <b>\\u{1b}[31m\\u{202e}\\u{0}\\u{dce9}" in text


def test_a_page_is_a_file_of_its_own() -> None:
    page = render(_report("harmless"))
    page.encode("utf-8")
    assert not {"script", "link", "img", "iframe", "object"} & set(Page(page).tags)
    assert "http" not in page
    assert "url(" not in page
    assert "@import" not in page


def test_a_group_names_its_place_its_count_and_its_values() -> None:
    text = Page(render(Report("t", (), TYPES, (_group("x", signature=SIGNATURE),)))).text
    for shown in ("row:payins.fee", "2,000 messages", 'payin.create · value · "9.9" → "9.9"', "0.13", "0.12", "absent"):
        assert shown in text


def test_the_place_that_leads_a_group_is_marked_in_its_examples() -> None:
    page = render(Report("t", (), TYPES, (_group("x", signature=SIGNATURE),)))
    assert page.count('<tr class="leading">') == 1


def test_a_masked_value_is_marked_as_such() -> None:
    page = render(Report("t", (), TYPES, (_group("x"),)))
    assert '<span class="masked" title="personal or secret: masked">***</span>' in page


@pytest.mark.parametrize(
    ("counts", "shown"),
    [({Verdict.MATCH: 3}, "100 %"), ({Verdict.MATCH: 3, Verdict.MISMATCH: 1}, "75.00 %"), ({}, "—")],
)
def test_agreement_comes_first(counts: dict[Verdict, int], shown: str) -> None:
    text = Page(render(Report("t", (), (TypeAgreement("payin.create", counts),), ()))).text
    assert f"{shown}agreement" in text


def test_times_have_columns_only_where_somebody_has_measured_them() -> None:
    assert "p99" in Page(render(Report("t", (), TYPES, ()))).text
    assert "p99" not in Page(render(Report("t", (), (TypeAgreement("payin.create", {}),), ()))).text


def test_no_difference_is_said_in_words() -> None:
    assert "None: wherever both sides have told, they agree." in Page(render(Report("t", (), TYPES, ()))).text


def test_pending_messages_are_counted_in_the_open() -> None:
    types = (TypeAgreement("payin.create", {Verdict.MATCH: 3, Verdict.PENDING: 2}),)
    assert "2pending" in Page(render(Report("t", (), types, ()))).text
