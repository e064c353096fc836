from datetime import date, timedelta

from contracts.registry import FAMILIES
from ops.catalogue import catalogue
from ops.document import document


def test_an_unordered_family_says_why() -> None:
    for entry in catalogue(date(2026, 11, 21)):
        assert entry.ordered is (entry.unordered_because is None)


def test_a_rule_counts_on_its_last_day() -> None:
    (rule,) = FAMILIES[0].types[0].rules
    for today, expired in ((rule.expires, False), (date(rule.expires.year + 1, 1, 1), True)):
        assert catalogue(today)[0].types[0].rules[0].expired is expired


def test_a_rule_that_ends_too_late_is_said_to() -> None:
    (rule,) = FAMILIES[0].types[0].rules
    for days, late in ((366, False), (367, True)):
        (entry,) = catalogue(rule.expires - timedelta(days=days))[0].types[0].rules
        assert (entry.ends_too_late, entry.expired) == (late, False)


def test_the_document_names_what_a_script_looks_for() -> None:
    payin = document(catalogue(date(2026, 11, 21)))[0]
    assert payin["name"] == "payin"
    (rule,) = payin["types"][0]["rules"]
    assert rule["expires"] == "2027-09-30"
    assert {"path", "reason", "owner", "kind"} <= rule.keys()
    assert payin["types"][0]["identity"] == "body webhook_id"
