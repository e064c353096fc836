"""A page must neither be steered by what it shows nor keep anything back; what a browser makes of it is seen in e2e."""

import re
from collections.abc import Mapping
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from contracts.shown import ShownDifference
from contracts.tally import Sighting
from contracts.trap import Trap
from contracts.verdict import Verdict
from ops.comparison import Comparison, DifferingGroup, Example, Exercised, TypeAgreement
from ops.guide import Block, Section, read_guide
from ops.report import Fact, Report, render
from ops.report_group import CARDS
from ops.report_markup import hashed
from ops.report_script import SCRIPT
from ops.stylesheet import DARK, LIGHT, STYLESHEET
from tests.fakes import comparison

HOSTILE = "</style></title><script>alert('x')</script>\"onmouseover=\"alert(1)' & <b>\x1b[31m\u202e\x00\udce9"
SHOWN = "<script>alert('x')</script>\"onmouseover=\"alert(1)' & <b>\\u{1b}[31m\\u{202e}\\u{0}\\u{dce9}"
TYPES = (TypeAgreement("payin.create", {Verdict.MATCH: 3, Verdict.MISMATCH: 1}, 1.25, 4.8),)
SIGNATURE = 'payin.create | row:payins.fee | value | "9.9" -> "9.9"'
_FOREIGN = {"id", "content", "title", "aria-label", "value", "href", "data-type", "data-kind"}
"""Attributes that hold a text from outside, or what was computed from one."""


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
        if tag not in ("meta", "br", "input", "rect"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag != "rect":
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in ("style", "script"):
            self.text += data

    @property
    def own(self) -> list[tuple[str, str | None]]:
        """Attributes whose values are the page's own, and the names of all others."""
        return [(name, None if name in _FOREIGN else value) for name, value in self.attributes]


def _group(text: str, *, signature: str | None = None) -> DifferingGroup:
    differences = (
        ShownDifference(text, text, text, text, text, text),
        ShownDifference("row:payins.fee", "value", '"9.9"', '"9.9"', "0.13", "0.12"),
        ShownDifference("row:payins.debtor", "missing", '"a"', "-", "***", None),
    )
    return DifferingGroup(
        *(signature or f"{text} | {text}", 2000, (text,), (Example(text, Verdict.MISMATCH, differences),), 0.5),
        *(Sighting(0, text), Sighting(1, text), Trap(text, text)),
    )


def _whole(text: str) -> Report:
    """Everything that a page can say, with the text wherever one comes from outside."""
    exercised = Exercised(84, (text,), 212, 0.00031)
    types = (replace(comparison.of_type(text, {Verdict.MATCH: 1}), exercised=exercised), *TYPES)
    rest = tuple(DifferingGroup(f"{text} | {number} | {text} | a -> b", 1, (), ()) for number in range(CARDS))
    return Report(
        text,
        (Fact(text, text),),
        Comparison(
            types,
            (_group(text), _group(text, signature=SIGNATURE), *rest),
            tuple(replace(one, type=text) for one in comparison.MUTANTS[:1]),
            tuple(replace(one, type=text, path=text) for one in comparison.void().survivors),
            tuple(replace(one, type=text, path=text, reason=text, owner=text) for one in comparison.RULES),
            (text,),
            (text,),
        ),
        (text,),
        {text: Section(text, (Block(f"{text} `{text}` [{text}]({text})"), Block(f"{text}\n{text}", code=True)))},
    )


def _page(types: tuple[TypeAgreement, ...] = TYPES, groups: tuple[DifferingGroup, ...] = ()) -> str:
    return render(Report("t", (), Comparison(types, groups)))


def test_no_value_can_leave_its_place() -> None:
    hostile, harmless = Page(render(_whole(HOSTILE))), Page(render(_whole("harmless")))
    assert hostile.tags == harmless.tags
    assert hostile.own == harmless.own
    assert hostile.tags.count("script") == 1
    assert not hostile.open


def test_a_hostile_value_is_readable_as_text() -> None:
    assert Page(render(_whole(HOSTILE))).text.count(SHOWN) > 20


def test_a_page_is_a_file_of_its_own() -> None:
    page = render(_whole("harmless"))
    page.encode("utf-8")
    assert not {"link", "img", "iframe", "object", "form-action"} & set(Page(page).tags)
    assert not [
        name for name, _ in Page(page).attributes if name in ("src", "style", "action") or name.startswith("on")
    ]
    for other in ("://", "url(", "@import", "fetch(", "XMLHttpRequest", "innerHTML", "eval("):
        assert other not in page


def test_only_its_own_script_and_sheet_may_run() -> None:
    page = render(_whole("harmless"))
    policy = next(
        value for name, value in Page(page).attributes if name == "content" and value and "default-src" in value
    )
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    for tag, inline in (("script", SCRIPT), ("style", STYLESHEET)):
        (between,) = re.findall(f"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        assert between == inline
        assert f"{tag}-src '{hashed(inline)}'" in policy


def test_a_group_says_all_that_is_known_of_it() -> None:
    text = Page(render(Report("t", (), comparison.differing()))).text
    for shown in (
        "row:payins.fee",
        "1,204 messages · 2.18 %",
        "payin.create · value · float → float",
        "still there",
        "looks like rounding half a cent",
        "docs/porting.md#rounding-is-not-pythons-and-changed-with-php-84",
        "message 412",
        "2026-11-27T18:31:07Z",
        "1234.565",
        "absent",
    ):
        assert shown in text


def test_the_sections_of_the_porting_guide_that_groups_name_stand_in_the_page_and_no_others() -> None:
    page = Page(render(Report("t", (), comparison.differing(), guide=read_guide())))
    ids = [value for name, value in page.attributes if name == "id" and value and value.startswith("porting-")]
    assert ids == [
        "porting-rounding-is-not-pythons-and-changed-with-php-84",
        "porting-trim-knows-other-characters",
    ]
    assert (
        r"""trim("\u{A0}a\u{A0}"); // => "\u{A0}a\u{A0}"
trim("\0a\f"); // => "a\f"
trim('abcXcba', 'a..c'); // => 'X'"""
        in page.text
    ), "line by line"
    assert "```" not in page.text


@pytest.mark.parametrize("guide", [{}, read_guide()], ids=["without the guide", "with it"])
def test_every_link_of_a_page_leads_to_a_place_in_it(guide: Mapping[str, Section]) -> None:
    page = Page(render(Report("t", (), comparison.differing(), guide=guide)))
    links = {value for name, value in page.attributes if name == "href" and value is not None}
    assert links <= {f"#{value}" for name, value in page.attributes if name == "id"}
    assert ("#porting-trim-knows-other-characters" in links) is bool(guide)
    assert "docs/porting.md#trim-knows-other-characters" in page.text
    assert ("What PHP does there" in page.text) is bool(guide)


def test_the_place_that_leads_a_group_comes_first_in_its_examples_and_is_marked() -> None:
    page = _page(groups=(_group("x", signature=SIGNATURE),))
    assert page.count('<div class="difference leading">') == 1
    assert page.index('<div class="difference leading">') < page.index('<div class="difference">')


def test_the_part_in_which_two_texts_differ_is_marked() -> None:
    page = _page(groups=(_group("x", signature=SIGNATURE),))
    assert "0.1<mark>3</mark>" in page
    assert "0.1<mark>2</mark>" in page


def test_a_masked_value_is_marked_as_such_and_shows_its_shape() -> None:
    page = _page(groups=(_group("x"),))
    assert '<span class="masked" title="personal or secret: masked">***</span><span class="shape">&quot;a&quot;' in page


def test_an_empty_text_is_told_from_none_at_all() -> None:
    difference = ShownDifference("row:payins.fee", "type", '""', "null", "", None)
    group = DifferingGroup(SIGNATURE, 1, (), (Example("m", Verdict.MISMATCH, (difference,)),))
    page = _page(groups=(group,))
    assert '<span class="none">empty text</span>' in page
    assert '<span class="none">null</span>' in page


@pytest.mark.parametrize(
    ("counts", "shown"),
    [({Verdict.MATCH: 3}, "100 %"), ({Verdict.MATCH: 3, Verdict.MISMATCH: 1}, "75.00 %"), ({}, "—")],
)
def test_agreement_comes_first(counts: dict[Verdict, int], shown: str) -> None:
    assert f"agreement{shown}" in Page(_page((TypeAgreement("payin.create", counts),))).text


def test_times_have_columns_only_where_somebody_has_measured_them() -> None:
    assert "p99" in Page(_page()).text
    assert "p99" not in Page(_page((TypeAgreement("payin.create", {}),))).text


def test_no_difference_is_said_in_words() -> None:
    assert (
        "None: wherever both sides have told, they agree."
        in Page(_page((TypeAgreement("x", {Verdict.MATCH: 1}),))).text
    )
    assert "they agree" not in Page(_page(())).text, "nothing was compared"


def test_pending_messages_are_counted_in_the_open() -> None:
    types = (TypeAgreement("payin.create", {Verdict.MATCH: 3, Verdict.PENDING: 2}),)
    assert "pending2" in Page(_page(types)).text


def test_proofs_are_said_with_their_confidence_and_what_is_still_needed() -> None:
    text = Page(render(Report("t", (), comparison.differing()))).text
    for shown in (
        "types proven0 of 5",
        "99.984 %",
        "31,552",
        "with a confidence of 99.00 %",
        "until 99.99 % is proven",
    ):
        assert shown in text
    assert "types proven5 of 5" in Page(render(Report("t", (), comparison.agreeing()))).text


def test_what_was_never_exercised_is_named_branch_by_branch() -> None:
    text = Page(render(Report("t", (), comparison.agreeing()))).text
    assert "3 of 84 branches" in text
    assert "a new path next: 0.03 %" in text
    assert "object_payload.payins[].payinDate: absent" in text


def test_objections_are_listed_and_their_absence_is_said() -> None:
    assert "1 objection:1 unnamed thing" in Page(render(Report("t", (), Comparison((), ()), ("1 unnamed thing",)))).text
    assert "Nothing that was asked for stands against it." in Page(_page()).text


def test_a_void_comparison_says_so_before_any_figure_and_calls_nothing_proven() -> None:
    page = render(Report("t", (), comparison.void()))
    text = Page(page).text
    assert text.index("blind in 2 places") < text.index("agreement100 %")
    assert "one cent in row:payins.net of payin.create, 31 times" in text
    assert '<span class="chip good">proven</span>' not in page
    assert 'class="figures doubtful"' in page
    assert '"figure good"' not in page


def test_types_of_which_no_mutant_was_made_are_named_before_any_figure_and_no_place_is_called_blind() -> None:
    untried = replace(comparison.agreeing(), mutants=(), unprobed=("payin.create", "payout.update"))
    page = render(Report("t", (), untried))
    text = Page(page).text
    assert text.index("No mutant was made of 2 types.") < text.index("agreement100 %")
    assert "<li><code>payin.create</code></li><li><code>payout.update</code></li>" in page
    assert "blind" not in text
    assert '<span class="chip good">proven</span>' not in page
    assert 'class="figures doubtful"' in page
    many = replace(untried, unprobed=tuple(f"type.{number}" for number in range(25)))
    assert "and 5 more" in Page(render(Report("t", (), many))).text


def test_a_comparison_that_is_void_for_both_reasons_says_both() -> None:
    text = Page(render(Report("t", (), replace(comparison.void(), unprobed=("balance.update",))))).text
    assert text.count("Void") == 1
    assert text.index("blind in 2 places") < text.index("No mutant was made of 1 type.") < text.index("agreement100 %")


def test_mutants_are_told_by_type_and_kind() -> None:
    text = Page(render(Report("t", (), comparison.void()))).text
    assert "475 of 588 mutants called different, 12 tolerated by rule, 101 survived." in text
    assert "15731 survived" in text
    assert "None were made here" in Page(_page()).text


def test_rules_with_a_problem_come_first() -> None:
    text = Page(render(Report("t", (), comparison.differing()))).text
    assert text.index("expired") < text.index("never hit") < text.index("row:payins.recorded_at")
    assert "the clock of the side that writes the row" in text


def test_groups_that_are_gone_are_named() -> None:
    text = Page(render(Report("t", (), comparison.differing()))).text
    assert "2 groups of the earlier run did not come again" in text
    assert "row:payins.net payin.create · type · float → int" in text


def test_more_groups_than_anybody_reads_are_rows_and_the_page_stays_small() -> None:
    page = render(Report("t", (), comparison.large(2_000)))
    parsed = Page(page)
    assert parsed.tags.count("article") == 3 * CARDS
    assert len([name for name, _ in parsed.attributes if name == "data-count"]) == 2_000
    assert "1,800 smaller groups" in parsed.text
    assert f"Only the {CARDS} largest groups are shown in full" in parsed.text
    assert len(page) < 4_000_000


def test_a_value_of_megabytes_is_shown_by_its_ends() -> None:
    difference = ShownDifference("row:payins.body", "value", '"a"', '"b"', "a" * 3_000_000, "b" * 3_000_000)
    group = DifferingGroup(SIGNATURE, 1, (), (Example("m", Verdict.MISMATCH, (difference,)),))
    page = _page(groups=(group,))
    assert "[2,999,700 more]" in page
    assert len(page) < 50_000


def test_every_table_has_heads_for_its_columns_and_rows() -> None:
    page = render(Report("t", (), comparison.differing()))
    for table in re.findall(r"<table>.*?</table>", page, re.DOTALL):
        heads = table.count('scope="col"')
        for row in re.findall(r"<tr.*?</tr>", table.partition("</thead>")[2], re.DOTALL):
            assert row.count('scope="row"') == 1
            assert row.count("<td") == heads - 1


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
def test_all_text_can_be_read(colours: Mapping[str, str]) -> None:
    grounds = {
        **dict.fromkeys(("ink", "soft", "neutral"), ("paper", "panel", "wash")),
        "good": ("paper", "panel", "good-wash"),
        "bad": ("paper", "panel", "bad-wash"),
        "link": ("paper", "panel"),
    }
    pairs = [(text, ground) for text, all_of_them in grounds.items() for ground in all_of_them]
    pairs += [("ink", mark) for mark in ("control-mark", "candidate-mark", "bad-wash")]
    low = {pair: ratio for pair in pairs if (ratio := _contrast(colours[pair[0]], colours[pair[1]])) < 4.5}
    assert low == {}


def _contrast(one: str, other: str) -> float:
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    """WCAG 2.2, "relative luminance"."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
