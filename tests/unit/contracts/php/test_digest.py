import pytest

from contracts.php.digest import is_signed, signature_of, webhook_signature
from contracts.php.json import JsonError


def test_the_signature_covers_what_json_encode_writes() -> None:
    payload = {"label": "Café / \x7f \u2028", "fee": 10.0, "tags": []}
    body = b'{"label":"Caf\\u00e9 \\/ \x7f \\u2028","fee":10,"tags":[]}'
    assert webhook_signature("secret", payload) == signature_of(b"secret", body)


def test_a_signature_is_base64_of_32_bytes() -> None:
    # php -r 'echo base64_encode(hash_hmac("sha256", "[]", "clé", true));'
    assert signature_of("clé", b"[]") == "geyJO4nu07YxYhcjYXxj42JeU+ogRYZeCyDiWOTl+iQ="


def test_a_signature_is_checked_over_the_bytes_as_they_came() -> None:
    signature = signature_of("secret", b'{"a":1.10}')
    assert is_signed("secret", b'{"a":1.10}', signature)
    assert not is_signed("secret", b'{"a":1.1}', signature)
    assert not is_signed("secret", b'{"a":1.10}', "é")


def test_what_php_cannot_encode_cannot_be_signed() -> None:
    with pytest.raises(JsonError):
        webhook_signature("secret", {"label": "\udcc3"})
