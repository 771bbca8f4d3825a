"""Guarded HTTP: allowed hosts alone, no private addresses, TLS checked, limits, retries.

A response is a file that arrived whole, or nothing. Redirects are followed one by one through the
same checks. Addresses in messages lose their query, which may hold a key.
"""

import ipaddress
import logging
import os
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import tenacity

from pipeline.errors import FetchError

log = logging.getLogger(__name__)

MAX_BYTES = 512 * 2**20
MAX_SECONDS = 600.0
MAX_REDIRECTS = 5
ATTEMPTS = 4
FIRST_WAIT_SECONDS = 1.0
LONGEST_WAIT_SECONDS = 60.0
TIMEOUT = httpx.Timeout(30, connect=10)
REPEATABLE = frozenset({429, 500, 502, 503, 504})


@dataclass(frozen=True)
class Guard:
    """Where a source's requests may go, and with which credentials.

    Attributes:
        hosts: names that a request or a redirect may reach.
        private_hosts: those of them that may have a private address and speak plain HTTP.
        home: the host that alone gets the credentials.
        authorization: value of that header; None = none.
    """

    hosts: frozenset[str]
    private_hosts: frozenset[str] = frozenset()
    home: str = ""
    authorization: str | None = field(default=None, repr=False)

    def check(self, url: httpx.URL) -> None:
        """Refuse an address before anything is sent to it."""
        is_private_allowed = url.host in self.private_hosts
        if url.host not in self.hosts:
            raise FetchError(
                f"{shown(url)}: its host is not among those allowed "
                f"({', '.join(sorted(self.hosts)) or 'none'}). Add it to the source or its feeds."
            )
        if url.scheme != "https" and not (url.scheme == "http" and is_private_allowed):
            raise FetchError(f"{shown(url)}: only https is fetched. Correct the address.")
        if not is_private_allowed:
            _check_addresses(url)

    def check_peer(self, url: httpx.URL, response: httpx.Response) -> None:
        """Refuse an answer from a private address that a name has turned to meanwhile."""
        stream = response.extensions.get("network_stream")
        peer = stream.get_extra_info("server_addr") if stream else None
        if peer and url.host not in self.private_hosts:
            _check_global(url, peer[0])

    def headers(self, url: httpx.URL) -> dict[str, str]:
        """Credentials, for the source's own host alone."""
        if self.authorization is None or url.host != self.home:
            return {}
        return {"Authorization": self.authorization}


@dataclass(frozen=True)
class Fetched:
    """A whole response in a file."""

    path: Path
    url: str
    headers: Mapping[str, str]


class _TransientError(Exception):
    """Worth another attempt; after `wait` seconds where the server says so."""

    def __init__(self, problem: str, wait: float = 0.0) -> None:
        super().__init__(problem)
        self.wait = wait


def shown(url: httpx.URL | str) -> str:
    """An address as it may be shown: without user, query and fragment."""
    bare = httpx.URL(url).copy_with(query=None, fragment=None, userinfo=b"")
    return str(bare)


def authorization(source_id: str) -> str | None:
    """Credentials of a source: SECTOR_RISK_<SOURCE>_TOKEN, or …_USER and …_PASSWORD."""
    prefix = f"SECTOR_RISK_{source_id.upper()}_"
    if token := os.environ.get(f"{prefix}TOKEN"):
        return f"Bearer {token}"
    user, password = (os.environ.get(f"{prefix}{name}") for name in ("USER", "PASSWORD"))
    if user is None or password is None:
        return None
    request = next(httpx.BasicAuth(user, password).auth_flow(httpx.Request("GET", "https://-/")))
    return request.headers["Authorization"]


def download(
    url: str, target: Path, guard: Guard, headers: Mapping[str, str] | None = None
) -> Fetched | None:
    """Fetch an address into a file that is not there until it is whole; None = not modified."""
    logging.getLogger("httpx").setLevel(logging.WARNING)
    deadline = time.monotonic() + MAX_SECONDS
    retrying = tenacity.Retrying(
        retry=tenacity.retry_if_exception_type(_TransientError),
        stop=tenacity.stop_after_attempt(ATTEMPTS) | tenacity.stop_after_delay(MAX_SECONDS),
        wait=_wait,
        reraise=True,
    )
    part = target.with_name(target.name + ".part")
    try:
        return retrying(_attempt, url, part, target, guard, headers or {}, deadline)
    except _TransientError as error:
        raise FetchError(f"{error} Given up after {ATTEMPTS} attempts; try later.") from error
    finally:
        part.unlink(missing_ok=True)


def _wait(state: tenacity.RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    doubled = tenacity.wait_random_exponential(FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS)(state)
    return max(doubled, min(getattr(error, "wait", 0.0), LONGEST_WAIT_SECONDS))


def _attempt(  # noqa: PLR0917 - one request is all of these
    url: str,
    part: Path,
    target: Path,
    guard: Guard,
    headers: Mapping[str, str],
    deadline: float,
) -> Fetched | None:
    try:
        with _opened(httpx.URL(url), guard, headers) as (final, response):
            if response.status_code == httpx.codes.NOT_MODIFIED:
                return None
            _check_status(final, response)
            _write(final, response, part, deadline)
            part.replace(target)
            return Fetched(target, str(final), dict(response.headers))
    except httpx.TransportError as error:
        raise _TransientError(f"{shown(url)}: {type(error).__name__}: {error}.") from error
    except httpx.InvalidURL as error:
        raise FetchError(f"{shown(url)}: is no address ({error}). Correct it.") from error


@contextmanager
def _opened(
    url: httpx.URL, guard: Guard, headers: Mapping[str, str]
) -> Iterator[tuple[httpx.URL, httpx.Response]]:
    plain = {"User-Agent": "sector-risk", "Accept-Encoding": "identity", **headers}
    with httpx.Client(timeout=TIMEOUT, trust_env=False, follow_redirects=False) as client:
        for _ in range(MAX_REDIRECTS + 1):
            guard.check(url)
            request = client.build_request("GET", url, headers={**plain, **guard.headers(url)})
            response = client.send(request, stream=True)
            try:
                guard.check_peer(url, response)
                if response.next_request is None:
                    yield url, response
                    return
            finally:
                response.close()
            url = response.next_request.url
    raise FetchError(f"{shown(url)}: more than {MAX_REDIRECTS} redirects. Correct the address.")


def _check_status(url: httpx.URL, response: httpx.Response) -> None:
    if response.status_code in REPEATABLE:
        stated = response.headers.get("Retry-After", "")
        wait = float(stated) if stated.isdigit() else 0.0
        raise _TransientError(f"{shown(url)}: answered {response.status_code}.", wait)
    if not response.is_success:
        remedy = "Check the credentials" if response.status_code in {401, 403} else "Check it"
        raise FetchError(f"{shown(url)}: answered {response.status_code}. {remedy}.")


def _write(url: httpx.URL, response: httpx.Response, part: Path, deadline: float) -> None:
    n_bytes = 0
    with part.open("wb") as file:
        for piece in response.iter_bytes():
            n_bytes += len(piece)
            if n_bytes > MAX_BYTES:
                raise FetchError(f"{shown(url)}: more than {MAX_BYTES:,} bytes. Fetch less.")
            if time.monotonic() > deadline:
                raise FetchError(f"{shown(url)}: took longer than {MAX_SECONDS:g} s. Try later.")
            file.write(piece)
    stated = response.headers.get("Content-Length")
    is_encoded = "Content-Encoding" in response.headers
    if stated and stated.isdigit() and not is_encoded and int(stated) != n_bytes:
        raise _TransientError(f"{shown(url)}: {n_bytes:,} of {stated} bytes arrived.")


def _check_addresses(url: httpx.URL) -> None:
    try:
        found = socket.getaddrinfo(url.host, url.port or 443, proto=socket.IPPROTO_TCP)
    except OSError as error:
        raise _TransientError(f"{shown(url)}: its host is not found ({error}).") from error
    for each in found:
        _check_global(url, each[4][0])


def _check_global(url: httpx.URL, address: Any) -> None:
    if not ipaddress.ip_address(str(address).partition("%")[0]).is_global:
        raise FetchError(
            f"{shown(url)}: has the private address {address}. Add its host to "
            "SECTOR_RISK_PRIVATE_HOSTS if that is meant."
        )
