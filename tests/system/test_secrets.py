"""No password and no PIN in anything that a run leaves behind or shows.

The password is made of words between the characters that break addresses, so that a half of
it shows as well as the whole, however it was quoted.
"""

from __future__ import annotations

import base64
import os
import signal
import socket
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import psutil
import pytest

from inspector.core.roles import Role
from inspector.station.people import People, Person
from tests.support.cli import ROOT, start
from tests.support.rtsp import rtsp_server

USER, USER_IN_VARIABLE = "an na:k@b", "an na k@b"
WORDS = ("Qz7wal", "Xk4fisch", "Jv9rochen", "Wp2barsch", "Hm6dorsch", "Tb3lachs")
PASSWORD = 'Qz7wal@Xk4fisch/Jv9rochen:Wp2barsch%40 Hm6dorschü"\\Tb3lachs'
PIN = "Gd5hecht@7/ü"
KEY = "5ec12e7ba11adca5" * 4
NOISY = {"OPENCV_FFMPEG_LOGLEVEL": "56", "OPENCV_LOG_LEVEL": "VERBOSE", "OPENCV_VIDEOIO_DEBUG": "1"}
"""Whoever looks for a fault sets these; FFmpeg then prints addresses and headers."""


def _basic(user: str) -> bytes:
    """As HTTP and RTSP send it; less the end, which depends on what follows."""
    return base64.b64encode(f"{user}:{PASSWORD}".encode())[:-4]


NEEDLES = (
    *(word.encode() for word in WORDS),
    *(word.encode("utf-16-le") for word in WORDS),
    *(_basic(USER), b"Gd5hecht", KEY.encode(), bytes.fromhex(KEY)),
)


def found_in(data: bytes) -> list[bytes]:
    return [needle for needle in NEEDLES if needle in data]


def leaks(folder: Path) -> dict[str, list[bytes]]:
    """By the name of the file: what stands in it, names and insides of archives as well."""
    found = {}
    for path in folder.rglob("*"):
        held = str(path.relative_to(folder)).encode()
        if path.is_file():
            held += path.read_bytes()
            if zipfile.is_zipfile(path):
                with zipfile.ZipFile(path) as archive:
                    held += b"".join(n.encode() + archive.read(n) for n in archive.namelist())
        if words := found_in(held):
            found[path.name] = words
    return found


def address(port: int) -> str:
    """As a person may type it: by the book, but for small letters."""
    head, *rest = f"{quote(USER, safe='')}:{quote(PASSWORD, safe='')}".split("%")
    typed = head + "".join(f"%{part[:2].lower()}{part[2:]}" for part in rest)
    return f"rtsp://{typed}@127.0.0.1:{port}/line"


@pytest.fixture
def nobody() -> Iterator[int]:
    """A port that nobody listens at."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


class Bench:
    """A folder for everything that a program may write; collects what is said, too."""

    def __init__(self, folder: Path, package: Path) -> None:
        self.folder, self.package = folder, package
        (folder / "temp").mkdir(parents=True)
        self.said = ""

    def environment(self) -> dict[str, str]:
        return {
            **NOISY,
            "TMPDIR": str(self.folder / "temp"),
            "HOME": str(self.folder),
            "INSPECTOR_USER": "Erika",
            "INSPECTOR_PIN": PIN,
            "INSPECTOR_NEW_PIN": PIN,
            "INSPECTOR_AUDIT_KEY": KEY,
            "INSPECTOR_CREDENTIAL_LINE_1": f"{USER_IN_VARIABLE}:{PASSWORD}",
        }

    def start(self, *arguments: object) -> subprocess.Popen[str]:
        return start(*arguments, cwd=self.folder, **self.environment())

    def __call__(self, *arguments: object) -> int:
        with self.start(*arguments) as process:
            return self.finish(process)

    def finish(self, process: subprocess.Popen[str]) -> int:
        out, err = process.communicate(timeout=60)
        self.said += f"{out}\n{err}\n"
        return process.returncode

    def script(self, text: str, *arguments: object) -> int:
        done = subprocess.run(
            [sys.executable, "-c", text, *map(str, arguments)],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": str(ROOT), **self.environment()},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        self.said += done.stdout + done.stderr
        return done.returncode

    def assert_clean(self) -> None:
        assert found_in(self.said.encode()) == [], self.said
        assert leaks(self.folder) == {}


@pytest.fixture
def bench(tmp_path: Path, package: Path) -> Bench:
    return Bench(tmp_path / "station", package)


def lines_until(process: subprocess.Popen[str], beginning: str) -> Iterator[str]:
    assert process.stdout is not None
    for line in process.stdout:
        yield line
        if line.startswith(beginning):
            return
    raise AssertionError(f"no line {beginning!r} before the end")


@pytest.mark.timeout(120)
def test_of_a_camera_that_is_there_and_then_is_not(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INSPECTOR_AUDIT_KEY", KEY)
    first = Person("root", Role.ADMINISTRATOR)
    People(bench.folder / "inspector.db", "station").add("Erika", Role.ADMINISTRATOR, PIN, first)
    with rtsp_server("--user", USER, "--password", PASSWORD) as server:
        process = bench.start(
            *("run", address(server.port), "--model", bench.package, "--keep-around-fail", 1),
            *("--json", "run.json", "--log-level", "debug"),
        )
        bench.said += "".join(lines_until(process, "part"))
        children = psutil.Process(process.pid).children(recursive=True)
        bench.said += "\n".join(" ".join(child.cmdline()) for child in children)
        assert children
        # while it runs: the write-ahead log, and what the capture process has said so far
        assert (bench.folder / "inspector.db-wal").exists()
        assert list((bench.folder / "temp").iterdir())
        bench.assert_clean()
    bench.said += "".join(lines_until(process, "source_lost"))
    process.send_signal(signal.SIGTERM)
    with process:
        assert bench.finish(process) == 0, bench.said
    assert bench("diagnostics", "d.zip", "--with-images", 3) == 0
    kinds = {path.suffix for path in bench.folder.rglob("*.*")}
    assert kinds >= {".db", ".log", ".zip", ".png", ".jsonl", ".avi"}, kinds
    bench.assert_clean()


NOT_THERE = """
import sys
from inspector.cli.app import build_app
from inspector.cli.guard import guarded

def given(*arguments):
    sys.argv = ["inspector", *arguments]
    code = guarded(build_app())
    assert code == 2, (arguments, code)

good, package, *odd = sys.argv[1:]
given("run", good, "--model", package)
given("teach", good, "--model", package, "--empty-frames", "0:4", "--out", "t.toml")
given("record", good, "--out", "footage.avi")
for one in odd:
    given("run", one, "--model", package)
    given("run", one, "--no-such-option", one)
"""


def test_of_a_camera_that_is_not_there(bench: Bench, nobody: int) -> None:
    """And of addresses that are none, where every part of them may be the password."""
    odd = [f"{head}anna:{PASSWORD}@127.0.0.1/x" for head in ("rtsp://", "", "rstp://", "rtsp//")]
    assert bench.script(NOT_THERE, address(nobody), bench.package, *odd) == 0, bench.said
    assert bench.said.count("error: ") == 11, bench.said
    bench.assert_clean()


MISTAKE = """
import sys, threading
from inspector.cli.app import main
from inspector.station import build

class Broken(build.Pipeline):
    def start(self):
        thread = threading.Thread(target=fail)
        thread.start()
        thread.join()
        fail()

def fail():
    raise RuntimeError(f"a mistake with {sys.argv[2]} and {held[0]!r}")

find = build.Credentials.find
held = []

def listening(self, name):
    found = find(self, name)
    held.append(found.password)
    return found

build.Credentials.find = listening
build.Pipeline = Broken
sys.argv = ["inspector", "run", *sys.argv[1:]]
main()
"""


def test_of_a_mistake_of_the_program(bench: Bench, pictures: Path) -> None:
    """Its traceback names what was in hand: on stderr, of a thread too, and in the log."""
    code = bench.script(MISTAKE, pictures, "--model", bench.package, "--credential", "line.1")
    assert code == 1
    assert "a mistake in the program ended it: RuntimeError: a mistake with" in bench.said
    assert bench.said.count("Traceback") == 1, bench.said
    assert (bench.folder / "inspector.log").read_text().count("Traceback") == 2
    bench.assert_clean()


def test_of_a_mistake_before_there_is_a_log(bench: Bench, nobody: int) -> None:
    text = "import sys; from inspector.cli import record as r; from inspector.cli.app import main\n"
    text += "def fail(*a): raise RuntimeError('mistake with ' + sys.argv[2])\n"
    text += "r.open_source = fail; sys.argv[:1] = ['inspector', 'record']; main()"
    assert bench.script(text, address(nobody), "--out", "f.avi") == 1
    assert "RuntimeError: mistake with rtsp://***@" in bench.said
    bench.assert_clean()


def test_what_is_looked_for_would_be_found(tmp_path: Path) -> None:
    """Each way of writing it that is not one of the ways it is hidden."""
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x", f"said {quote(PASSWORD)}")
    (tmp_path / "b").write_bytes(PASSWORD.encode("utf-16-le"))
    (tmp_path / "c").write_bytes(b"Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()))
    (tmp_path / "clean").write_text("rtsp://***@127.0.0.1/line")
    assert leaks(tmp_path).keys() == {"a.zip", "b", "c"}
