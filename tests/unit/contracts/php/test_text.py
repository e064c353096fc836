import pytest

from contracts.php import text
from contracts.php.error import PhpValueError
from contracts.php.text import from_bytes, to_bytes


def test_every_byte_string_has_exactly_one_text() -> None:
    data = bytes(range(256)) + "é😀".encode() + b"\xed\xa0\x80"
    assert to_bytes(from_bytes(data)) == data
    assert not text.is_utf8(from_bytes(data))
    assert text.is_utf8(from_bytes("é😀\0".encode()))


def test_a_cut_character_is_not_utf8_until_it_is_joined_again() -> None:
    head, tail = text.substr("é", 0, 1), text.substr("é", 1)
    assert to_bytes(head) == b"\xc3"
    assert not text.is_utf8(head)
    assert text.is_utf8(head + tail)


def test_a_surrogate_that_stands_for_no_byte_is_not_utf8() -> None:
    assert not text.is_utf8("\ud800")


def test_trim_takes_nul_but_neither_form_feed_nor_no_break_space() -> None:
    assert text.trim(" \t\n\r\0\x0bx\x0b ") == "x"
    assert text.trim("\fx\u00a0") == "\fx\u00a0"


def test_trim_takes_ranges_and_bytes() -> None:
    assert text.trim("abcXcba", "a..c") == "X"
    assert text.rtrim("1.500", "0.") == "1.5"
    assert text.ltrim("007", "0") == "7"
    assert to_bytes(text.trim("à", "\u00a0")) == b"\xc3"  # the byte A0 is half of both


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("abcdef", 1, 3), "bcd"),
        (("abcdef", -2), "ef"),
        (("abcdef", 0, -4), "ab"),
        (("abc", 5), ""),
        (("abc", -9, 2), "ab"),
        (("abc", 1, -5), ""),
        (("été", 0, 2), "é"),
    ],
)
def test_substr_counts_bytes(arguments: tuple[str, int], expected: str) -> None:
    assert text.substr(*arguments) == expected


def test_str_pad_counts_bytes() -> None:
    assert text.str_pad("é", 5, "*") == "é***"
    assert text.str_pad("72316", 6, "0", "left") == "072316"
    assert text.str_pad("x", 6, "ab", "both") == "abxaba"
    assert text.str_pad("long", 2) == "long"


def test_padding_with_nothing_is_an_error_only_where_padding_is_needed() -> None:
    assert text.str_pad("long", 4, "") == "long"
    with pytest.raises(PhpValueError, match="empty"):
        text.str_pad("x", 4, "")


def test_case_changes_for_ascii_letters_only() -> None:
    assert text.strtolower("ÉMILE Zola") == "Émile zola".replace("é", "É")
    assert text.strtoupper("éa ß") == "éA ß"
    assert text.ucfirst("été") == "été"
    assert text.ucfirst("abc dEF") == "Abc dEF"
    assert text.lcfirst("ABC") == "aBC"


def test_ucwords_begins_words_after_whitespace_only() -> None:
    assert text.ucwords("jean-pierre o'neill") == "Jean-pierre O'neill"
    assert text.ucwords("a\u00a0b\tc  d") == "A\u00a0b\tC  D"
    assert text.ucwords("jean-pierre o'neill", "-'") == "Jean-Pierre o'Neill"
    assert text.ucwords("éa", "é") == "éA"
    assert text.ucwords("delete", "leLE") == "DeLETe"  # "e" separates, and "E" once it has become one
    assert text.ucwords("") == ""


def test_strlen_counts_bytes() -> None:
    assert text.strlen("é😀x") == 7


def test_slashes_come_off_as_they_went_on() -> None:
    data = b'it\'s "quoted" \\ \x00' + b"7"
    assert text.addslashes(data) == b'it\\\'s \\"quoted\\" \\\\ \\07'
    assert text.stripslashes(text.addslashes(data)) == data
    assert text.addslashes("l'été\0") == "l\\'été\\0"
    assert text.stripslashes("l\\'été\\0") == "l'été\0"


def test_a_lone_backslash_at_the_end_vanishes() -> None:
    assert text.stripslashes(b"a\\n\\\nb\\") == b"an\nb"


def test_base64_is_read_leniently() -> None:
    assert text.base64_decode(b"aGVs\nbG8h*") == b"hello!"
    assert text.base64_decode(b"aGVsbG8") == b"hello"
    assert text.base64_decode(b"aGVsbG8hV") == b"hello!"
    assert text.base64_decode(b"====") == b""


@pytest.mark.parametrize(
    ("given", "decoded"),
    [
        (b"aGVs\n bG8=", b"hello"),
        (b"aGVsbG8", b"hello"),  # padding may be missing, but not wrong
        (b"aGVsbG8==", None),
        (b"aGVs=bG8", None),
        (b"aGVsb", None),
        (b"aGV*", None),
        (b"aGV\x0b", None),
        (b"====", None),
        (b"", b""),
    ],
)
def test_base64_is_read_strictly(given: bytes, decoded: bytes | None) -> None:
    assert text.base64_decode_strictly(given) == decoded


def test_base64_and_hex_are_of_bytes() -> None:
    assert text.base64_encode("é\udcff") == "w6n/"
    assert text.bin2hex("é\udcff") == "c3a9ff"


def test_bytes_that_meet_are_the_character_again() -> None:
    assert text.rejoin("\udcc3\udca9") == "é"
