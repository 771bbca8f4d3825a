"""A headless browser, driven by its own protocol: open a page, wait for text, type, click, look."""

import base64
import json
import shutil
import subprocess
import time
from contextlib import contextmanager

import httpx
from websockets.sync.client import connect

NAMES = ("chromium", "chromium-browser", "google-chrome")
PROGRAM = next(filter(None, map(shutil.which, NAMES)), None)
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    "--remote-debugging-port=0",
    "--window-size=1280,1000",
)


class Browser:
    """One page of a browser."""

    def __init__(self, socket):
        self._socket, self._number = socket, 0

    def call(self, method, **parameters):
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        self._socket.send(json.dumps(message))
        while True:
            answer = json.loads(self._socket.recv(timeout=60))
            if answer.get("id") == self._number:
                assert "error" not in answer, answer
                return answer["result"]

    def run(self, script):
        """The value of a JavaScript expression."""
        return self.call("Runtime.evaluate", expression=script, returnByValue=True)["result"].get(
            "value"
        )

    def open(self, address):
        self.call("Page.navigate", url=address)

    def wait_for(self, script, seconds=60):
        """Wait until the expression is true."""
        end = time.monotonic() + seconds
        while not (found := self.run(script)):
            assert time.monotonic() < end, f"{script}: not within {seconds} s\n{self.text}"
            time.sleep(0.3)
        return found

    @property
    def text(self):
        return self.run("document.body.innerText")

    def click(self, name):
        """Press the button of that name."""
        button = (
            "[...document.querySelectorAll('button,input[type=submit]')].find(one => "
            f"(one.innerText || one.value || '').trim() === {json.dumps(name)} && !one.disabled)"
        )
        self.wait_for(f"!!{button}")
        self.run(f"{button}.click()")

    def type(self, selector, text):
        """Type into the field, as a person would."""
        self.wait_for(f"!!document.querySelector({json.dumps(selector)})")
        self.run(f"document.querySelector({json.dumps(selector)}).focus()")
        self.call("Input.insertText", text=text)

    def picture(self, file):
        """Keep what is seen as a PNG."""
        file.write_bytes(base64.b64decode(self.call("Page.captureScreenshot")["data"]))


@contextmanager
def browsing(profile):
    """A browser with a profile of its own, ended with all its processes."""
    command = [PROGRAM, *FLAGS, f"--user-data-dir={profile}", "about:blank"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as run:
        try:
            port = _port(profile / "DevToolsActivePort")
            pages = httpx.get(f"http://127.0.0.1:{port}/json", trust_env=False).json()
            page = next(each for each in pages if each["type"] == "page")
            with connect(page["webSocketDebuggerUrl"], max_size=None, proxy=None) as socket:
                yield Browser(socket)
        finally:
            run.terminate()
            run.wait(timeout=20)


def _port(file):
    end = time.monotonic() + 30
    while not file.exists() or not file.read_text().strip():
        assert time.monotonic() < end, "the browser does not start"
        time.sleep(0.2)
    return file.read_text().split()[0]
