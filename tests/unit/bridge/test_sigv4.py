"""Our signatures: on the cases that AWS has published (`sigv4_cases`), and beside botocore's on any requests."""

import datetime as dt
from pathlib import Path
from urllib.parse import quote

import botocore.auth
import pytest
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st

from bridge.sigv4 import Keys, Signer, Unsigned, canonical_request

CASES = Path(__file__).parent / "sigv4_cases"
AT = dt.datetime(2015, 8, 30, 12, 36, tzinfo=dt.UTC)
SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
ADDED = ("x-amz-date", "x-amz-security-token")


def read_case(folder: Path) -> tuple[Unsigned, str | None]:
    """The request of a case without what signing adds, and its session token."""
    head, _, body = (folder / f"{folder.name}.req").read_text().partition("\n\n")
    first, *lines = head.replace("\n ", " ").splitlines()
    method, _, target = first.removesuffix(" HTTP/1.1").partition(" ")
    path, _, query = target.partition("?")
    headers = [(name, value) for name, _, value in (line.partition(":") for line in lines)]
    canonical = (folder / f"{folder.name}.creq").read_text()
    token = next((line.partition(":")[2] for line in canonical.splitlines() if line.startswith(f"{ADDED[1]}:")), None)
    kept = [(name, value) for name, value in headers if name.lower() not in ADDED]
    return Unsigned(method, path, quote(query, safe="-_.~%=&+"), kept, body.encode()), token


@pytest.mark.parametrize("case", sorted(one.name for one in CASES.iterdir() if one.is_dir()))
def test_a_published_case_is_signed_as_aws_says(case: str) -> None:
    request, token = read_case(CASES / case)
    told = {kind: (CASES / case / f"{case}.{kind}").read_text() for kind in ("creq", "sts", "authz")}
    signer = Signer("service", "us-east-1")

    signed = signer.sign(request, Keys("AKIDEXAMPLE", SECRET, token), AT.timestamp())

    *added, (name, value) = signed
    canonical, _ = canonical_request(request, added)
    assert canonical == told["creq"]
    assert signer.string_to_sign(canonical, "20150830T123600Z") == told["sts"]
    assert (name, value) == ("Authorization", told["authz"])


def test_all_published_cases_are_there() -> None:
    assert sum(one.is_dir() for one in CASES.iterdir()) == 34


_NAME = st.from_regex(r"\A[A-Za-z][A-Za-z0-9-]{0,12}\Z").filter(
    lambda name: (
        name.lower()
        not in {"authorization", "date", "expect", "host", "transfer-encoding", "user-agent", "x-amzn-trace-id", *ADDED}
        and not name.lower().startswith("x-amz-content-sha256")
    )
)
_VALUE = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=20)
_PART = st.text(st.sampled_from("ab./~%2F -_+é"), max_size=12)
_QUERY = st.lists(st.tuples(st.text(max_size=5), st.text(max_size=5)), max_size=4).map(
    lambda pairs: "&".join(f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}" for name, value in pairs)
)
_SECRET = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=40)
_REQUEST = st.builds(
    Unsigned,
    st.sampled_from(["GET", "POST", "PUT"]),
    _PART.map(lambda part: f"/{part}"),
    _QUERY,
    st.lists(st.tuples(_NAME, _VALUE), max_size=5).map(lambda pairs: [("Host", "sqs.example:8080"), *pairs]),
    st.binary(max_size=200),
)
_KEYS = st.builds(Keys, _SECRET, _SECRET, st.none() | _SECRET)
_WHEN = st.datetimes(dt.datetime(2001, 1, 1), dt.datetime(2099, 1, 1), timezones=st.just(dt.UTC))  # noqa: DTZ001
_SIGNERS = {name: Signer(*name) for name in (("sqs", "eu-west-1"), ("execute-api", "us-gov-west-1"))}
"""Kept over all examples, so that a key of another day or secret would show."""


@given(request=_REQUEST, keys=_KEYS, at=_WHEN, name=st.sampled_from(list(_SIGNERS)))
def test_any_request_is_signed_as_botocore_does(
    request: Unsigned, keys: Keys, at: dt.datetime, name: tuple[str, str]
) -> None:
    query = f"?{request.query}" if request.query else ""
    theirs = AWSRequest(request.method, f"https://sqs.example:8080{request.path}{query}", data=request.body)
    for header, value in request.headers:
        theirs.headers[header] = value
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(botocore.auth, "get_current_datetime", lambda: at)
        auth = botocore.auth.SigV4Auth(Credentials(keys.access, keys.secret, keys.token), *name)
        auth.add_auth(theirs)

    ours = dict(_SIGNERS[name].sign(request, keys, at.timestamp()))

    assert ours == {header: theirs.headers[header] for header in ours}
    assert ("X-Amz-Security-Token" in theirs.headers) == (keys.token is not None)


def test_nothing_of_the_keys_shows() -> None:
    assert "pl4nted" not in repr(Keys("pl4nted", "pl4nted", "pl4nted"))
    assert "pl4nted" not in repr(Unsigned("POST", "/", "", [("a", "pl4nted")], b"pl4nted"))
