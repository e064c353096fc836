import pytest

from contracts.php.digest import crc32, is_signed, md5, sha1, signature_of, webhook_signature
from contracts.php.json import JsonError
from contracts.php.text import base64_encode


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


def test_digests_are_of_bytes() -> None:
    # php -r 'echo crc32("é"), md5("é"), sha1("é"), base64_encode(md5("é", true));'
    assert crc32("é") == 235179326
    assert md5("é") == "66ddcd97cfdeabb2f6fb8a999b4bc76f"
    assert sha1("é") == "bf15be717ac1b080b4f1c456692825891ff5073d"
    assert base64_encode(md5("é", binary=True)) == "Zt3Nl8/eq7L2+4qZm0vHbw=="
