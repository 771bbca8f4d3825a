"""Servers that hang, drip or never end: given up in time, and nothing of them is kept."""

import socket
import threading
import time
from contextlib import contextmanager, suppress

import httpx
import pytest

from pipeline import http
from pipeline.errors import FetchError
from pipeline.http import Guard, download

LOOPBACK = frozenset({"127.0.0.1"})
GUARD = Guard(LOOPBACK, LOOPBACK)
HEAD = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"


@pytest.fixture(autouse=True)
def _hurried(monkeypatch):
    monkeypatch.setattr(http, "FIRST_WAIT_SECONDS", 0.001)
    monkeypatch.setattr(http, "LONGEST_WAIT_SECONDS", 0.01)
    monkeypatch.setattr(http, "ATTEMPTS", 2)
    monkeypatch.setattr(http, "MAX_BYTES", 5_000_000)


@contextmanager
def answering(answer):
    """The address of a server whose connections are answered by `answer`."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                with connection, suppress(OSError):
                    connection.recv(65_536)
                    answer(connection)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(timeout=5)


@pytest.fixture
def impatient(monkeypatch):
    """The limits of time, for the servers that would use them up."""
    monkeypatch.setattr(http, "TIMEOUT", httpx.Timeout(0.2))
    monkeypatch.setattr(http, "MAX_SECONDS", 0.5)


def hangs(_connection):
    time.sleep(0.4)


def drips(connection):
    connection.sendall(HEAD)
    while True:
        connection.sendall(b"x")
        time.sleep(0.02)


def never_ends(connection):
    connection.sendall(HEAD)
    while True:
        connection.sendall(bytes(1_000_000))


def breaks_off(connection):
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf")


def speaks_no_http(connection):
    connection.sendall(b"\x00\x01\x02 220 smtp ready\r\n\r\n")


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (never_ends, "more than 5,000,000 bytes"),
        (breaks_off, "Given up after"),
        (speaks_no_http, "Given up after"),
    ],
)
def test_a_server_that_fails_is_given_up(answer, message, tmp_path):
    with answering(answer) as url, pytest.raises(FetchError, match=message):
        download(url, tmp_path / "file", GUARD)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    ("answer", "message"), [(hangs, "ReadTimeout"), (drips, "took longer than")]
)
def test_a_server_that_takes_forever_is_given_up(answer, message, tmp_path):
    with answering(answer) as url, pytest.raises(FetchError, match=message):
        download(url, tmp_path / "file", GUARD)
    assert list(tmp_path.iterdir()) == []


def test_a_server_that_is_not_there_is_given_up(tmp_path):
    with answering(hangs) as url:
        gone = url
    with pytest.raises(FetchError, match="ConnectError"):
        download(gone, tmp_path / "file", GUARD)
