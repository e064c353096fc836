import pytest

from contracts.php import html
from contracts.php.html import htmlspecialchars
from contracts.php.runtime import PHP_8_2, PhpRuntime


def test_quotes_go_by_default_since_8_1() -> None:
    text = "<a href='x'>\"&amp;\"</a> é"
    assert htmlspecialchars(text, runtime=PHP_8_2) == ("&lt;a href=&#039;x&#039;&gt;&quot;&amp;amp;&quot;&lt;/a&gt; é")
    assert htmlspecialchars("'\"", runtime=PhpRuntime((8, 0))) == "'&quot;"


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (html.ENT_HTML401, "&#039;&amp;apos;&nbsp;&amp;Abreve;"),
        (html.ENT_XML1, "&apos;&apos;&amp;nbsp;&amp;Abreve;"),
        (html.ENT_XHTML, "&apos;&apos;&nbsp;&amp;Abreve;"),
        (html.ENT_HTML5, "&apos;&apos;&nbsp;&Abreve;"),
    ],
)
def test_what_is_an_entity_goes_by_the_document(document: int, expected: str) -> None:
    given = "'&apos;&nbsp;&Abreve;"
    assert htmlspecialchars(given, html.ENT_QUOTES | document, double_encode=False, runtime=PHP_8_2) == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("&#39;&#x27;&#X1F600;&#0;", "&#39;&#x27;&#X1F600;&#0;"),
        ("&#x110000;&#;&amp", "&amp;#x110000;&amp;#;&amp;amp"),
        ("&#99999999999999999999;", "&amp;#99999999999999999999;"),
    ],
)
def test_numeric_entities_that_are_kept(given: str, expected: str) -> None:
    assert htmlspecialchars(given, double_encode=False, runtime=PHP_8_2) == expected


@pytest.mark.parametrize(
    ("flags", "encoding", "expected"),
    [
        (html.ENT_SUBSTITUTE, None, "a\ufffdb\ufffd"),
        (html.ENT_IGNORE | html.ENT_SUBSTITUTE, "", "ab"),
        (html.ENT_COMPAT, "no such", ""),
        (html.ENT_COMPAT, "ISO-8859-1", "a\udce2\udc82b\udcc3"),
        (html.ENT_SUBSTITUTE, "Shift_JIS", "a\udce2\udc82b\udcc3"),
        (html.ENT_SUBSTITUTE, "GB2312", "a&#xFFFD;\udc82b&#xFFFD;"),
    ],
)
def test_broken_bytes_go_by_flags_and_encoding(flags: int, encoding: str | None, expected: str) -> None:
    assert htmlspecialchars("a\udce2\udc82b\udcc3", flags, encoding, runtime=PHP_8_2) == expected


def test_what_a_document_may_not_hold_can_be_replaced() -> None:
    flags = html.ENT_QUOTES | html.ENT_DISALLOWED
    assert (
        htmlspecialchars("\x01\x0c\x7f\u0080\ufdd0", flags | html.ENT_HTML5, runtime=PHP_8_2)
        == "\ufffd\x0c" + "\ufffd" * 3
    )
    assert htmlspecialchars("\x01\x0c\x7f\ufffe", flags | html.ENT_XML1, runtime=PHP_8_2) == "\ufffd\ufffd\x7f\ufffd"
    assert htmlspecialchars("\x01\x7f", flags, "cp1252", runtime=PHP_8_2) == "&#xFFFD;\x7f"
