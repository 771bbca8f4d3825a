import ipaddress
import logging
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from http_server import serving

from pipeline import http
from pipeline.errors import FetchError
from pipeline.http import Guard, authorization, download, shown

LOOPBACK = frozenset({"127.0.0.1"})
GUARD = Guard(LOOPBACK, LOOPBACK)


@pytest.fixture(autouse=True)
def _hurried(monkeypatch):
    monkeypatch.setattr(http, "FIRST_WAIT_SECONDS", 0.001)
    monkeypatch.setattr(http, "LONGEST_WAIT_SECONDS", 0.01)


def test_a_file_arrives_whole_with_its_headers(tmp_path):
    with serving({"/kev.json": (200, {"ETag": '"1"'}, b"{}")}) as (url, _):
        fetched = download(f"{url}/kev.json", tmp_path / "kev.json", GUARD)
    assert fetched.path.read_bytes() == b"{}"
    assert fetched.headers["etag"] == '"1"'


def test_what_has_not_changed_is_nothing(tmp_path):
    with serving({"/": lambda asked: (304 if asked["If-None-Match"] == "1" else 200, {}, b"")}) as (
        url,
        _,
    ):
        assert download(f"{url}/", tmp_path / "a", GUARD, {"If-None-Match": "1"}) is None
    assert list(tmp_path.iterdir()) == []


def test_a_busy_server_is_asked_again(tmp_path):
    answers = iter([(503, {"Retry-After": "9999"}, b""), (429, {}, b""), (200, {}, b"late")])
    with serving({"/": lambda _: next(answers)}) as (url, requests):
        assert download(f"{url}/", tmp_path / "a", GUARD).path.read_bytes() == b"late"
    assert len(requests) == 3


def test_a_server_that_stays_busy_is_given_up(tmp_path):
    with (
        serving({"/": (503, {}, b"")}) as (url, requests),
        pytest.raises(FetchError, match=r"answered 503\. Given up after 4 attempts"),
    ):
        download(f"{url}/", tmp_path / "a", GUARD)
    assert len(requests) == 4


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate that nobody has signed, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime.now(UTC) - timedelta(days=1))
        .not_valid_after(datetime.now(UTC) + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "certificate.pem"
    path.write_bytes(
        signed.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return path


def test_a_certificate_that_nobody_vouches_for_is_refused(certificate, tmp_path):
    """Even of a host that may have a private address."""
    with (
        serving({"/": (200, {}, b"x")}, certificate) as (url, requests),
        pytest.raises(FetchError, match="CERTIFICATE_VERIFY_FAILED"),
    ):
        download(f"{url}/", tmp_path / "a", GUARD)
    assert requests == []


def test_an_answer_from_a_private_address_is_refused_whatever_its_name_said_before():
    with (
        serving({"/": (200, {}, b"inside")}) as (url, _),
        httpx.Client(trust_env=False) as client,
        client.stream("GET", url) as response,
        pytest.raises(FetchError, match=r"has the private address 127\.0\.0\.1"),
    ):
        Guard(frozenset({"rebound.example"})).check_peer(
            httpx.URL("https://rebound.example/"), response
        )


def test_a_torn_download_leaves_nothing(tmp_path):
    with (
        serving({"/": (200, {"Content-Length": "100"}, b"half")}) as (url, _),
        pytest.raises(FetchError, match="Given up"),
    ):
        download(f"{url}/", tmp_path / "a", GUARD)
    assert list(tmp_path.iterdir()) == []


def test_too_much_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(http, "MAX_BYTES", 1_000)
    with (
        serving({"/": (200, {}, bytes(2_000))}) as (url, _),
        pytest.raises(FetchError, match="more than 1,000 bytes"),
    ):
        download(f"{url}/", tmp_path / "a", GUARD)
    assert list(tmp_path.iterdir()) == []


def test_too_slow_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(http, "MAX_SECONDS", -1.0)
    with (
        serving({"/": (200, {}, b"late")}) as (url, _),
        pytest.raises(FetchError, match="took longer"),
    ):
        download(f"{url}/", tmp_path / "a", GUARD)


def test_a_refusal_is_not_repeated(tmp_path):
    with (
        serving({"/": (403, {}, b"")}) as (url, requests),
        pytest.raises(FetchError, match=r"answered 403\. Check the credentials"),
    ):
        download(f"{url}/?key=secret", tmp_path / "a", GUARD)
    assert len(requests) == 1


def test_redirects_pass_the_same_checks(tmp_path):
    answers = {
        "/moved": (302, {"Location": "/file"}, b""),
        "/file": (200, {}, b"here"),
        "/out": (302, {"Location": "https://other.example/"}, b""),
        "/loop": (302, {"Location": "/loop"}, b""),
    }
    with serving(answers) as (url, _):
        assert download(f"{url}/moved", tmp_path / "a", GUARD).path.read_bytes() == b"here"
        with pytest.raises(
            FetchError, match=r"other\.example/: its host is not among those allowed"
        ):
            download(f"{url}/out", tmp_path / "b", GUARD)
        with pytest.raises(FetchError, match="more than 5 redirects"):
            download(f"{url}/loop", tmp_path / "c", GUARD)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "169.254.169.254", "10.0.0.1", "[::1]"])
def test_private_addresses_are_refused_unless_meant(host, tmp_path):
    guard = Guard(frozenset({host.strip("[]")}))
    with pytest.raises(FetchError, match="has the private address"):
        download(f"https://{host}:1/", tmp_path / "a", guard)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("http://www.cisa.gov/x", "only https"),
        ("ftp://www.cisa.gov/x", "only https"),
        ("file:///etc/passwd", "not among those allowed"),
        ("https://www.cisa.gov.evil.example/", "not among those allowed"),
    ],
)
def test_only_https_to_allowed_hosts(url, message, tmp_path):
    with pytest.raises(FetchError, match=message):
        download(url, tmp_path / "a", Guard(frozenset({"www.cisa.gov"})))


def test_credentials_come_from_the_environment_and_go_home_alone(monkeypatch, tmp_path):
    monkeypatch.setenv("SECTOR_RISK_STIX_TOKEN", "s3cret")
    guard = Guard(LOOPBACK | {"localhost"}, LOOPBACK | {"localhost"}, "127.0.0.1",
                  authorization("stix"))  # fmt: skip
    with serving({"/file": (200, {}, b"x")}) as (there, elsewhere):
        moved = {"/": (302, {"Location": there.replace("127.0.0.1", "localhost") + "/file"}, b"")}
        with serving(moved) as (url, home):
            download(f"{url}/", tmp_path / "a", guard)
    assert home[0][1]["Authorization"] == "Bearer s3cret"
    assert "Authorization" not in elsewhere[0][1]


def test_user_and_password_make_a_basic_header(monkeypatch):
    assert authorization("stix") is None
    monkeypatch.setenv("SECTOR_RISK_STIX_USER", "user")
    monkeypatch.setenv("SECTOR_RISK_STIX_PASSWORD", "pass")
    assert authorization("stix") == "Basic dXNlcjpwYXNz"


def test_no_secret_is_shown(caplog, tmp_path):
    assert shown("https://user:pass@a.example/b?key=secret#c") == "https://a.example/b"
    assert "s3cret" not in repr(Guard(LOOPBACK, authorization="s3cret"))
    with caplog.at_level(logging.DEBUG), serving({"/": (200, {}, b"x")}) as (url, _):
        download(f"{url}/?key=secret", tmp_path / "a", GUARD)
    assert "secret" not in "".join(
        record.getMessage() for record in caplog.records if record.name != "http_server"
    )
