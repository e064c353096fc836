from contracts.php.url import PHP_QUERY_RFC3986, http_build_query, rawurlencode, urlencode
from contracts.php.value import PhpObject


def test_urls_are_encoded_by_bytes() -> None:
    assert urlencode("a b~-_./é\udcff") == "a+b%7E-_.%2F%C3%A9%FF"
    assert rawurlencode("a b~-_./é\udcff") == "a%20b~-_.%2F%C3%A9%FF"


def test_a_query_leaves_out_what_is_null_or_empty() -> None:
    data = {"a": None, "b": True, "c": False, "d": [], "e": "", "f g": [1, [2.50, None]], 7: {"x": 1e20}}
    assert http_build_query(data) == "b=1&c=0&e=&f+g%5B0%5D=1&f+g%5B1%5D%5B0%5D=2.5&7%5Bx%5D=1.0E%2B20"


def test_a_prefix_is_for_outer_int_keys_only() -> None:
    assert http_build_query([1, [2]], "p&", ";") == "p&0=1;p&1%5B0%5D=2"


def test_a_query_by_rfc_3986_and_precision() -> None:
    assert http_build_query({"a b": "~ "}, encoding=PHP_QUERY_RFC3986) == "a%20b=~%20"
    assert http_build_query({"a": 0.1 + 0.2}, precision=17) == "a=0.30000000000000004"


def test_of_an_object_the_public_properties_are_written() -> None:
    hidden = PhpObject("A", {"x": 1, "y": 2}, {"y": "\0*\0y"})
    assert http_build_query(hidden) == "x=1"
    assert http_build_query({"o": hidden}) == "o%5Bx%5D=1"
