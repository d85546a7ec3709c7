"""The one log of a station: JSON lines, rotated by size, without secrets."""

from __future__ import annotations

import datetime as dt
import json
import logging
import os
import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

from concurrent_log_handler import ConcurrentRotatingFileHandler

from inspector import __version__
from inspector.core.log_rule import LogRule
from inspector.core.redact import Redactor
from inspector.errors import ConfigError, InspectorError, ProgramError

MEGABYTE = 1_000_000
MAX_TEXT = 8_000
"""Of one message, characters: a line must stay readable and the log in its bounds."""

_PROGRAM = "inspector"
_OWN = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}

_log = logging.getLogger(__name__)


class JsonLines(logging.Formatter):
    """One JSON object a line: at (UTC), level, logger, thread, pid, message, and the extras."""

    def __init__(self, redactor: Redactor) -> None:
        super().__init__()
        self._redactor = redactor

    def format(self, record: logging.LogRecord) -> str:
        at = dt.datetime.fromtimestamp(record.created, dt.UTC)
        facts: dict[str, object] = {
            "at": at.isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "thread": record.threadName,
            "pid": record.process,
            "message": _message(record),
        }
        facts |= {k: _plain(v) for k, v in record.__dict__.items() if k not in _OWN}
        if record.exc_info and record.exc_info[1] is not None:
            facts["error"] = "".join(traceback.format_exception(record.exc_info[1]))
        return json.dumps(_cut(self._redactor.value(facts)), ensure_ascii=False)


def _cut(facts: dict[str, object]) -> dict[str, object]:
    """Within bounds, after the secrets are out: of half a one nobody would know it. Of an
    error the end says most.
    """
    return {
        k: v if not isinstance(v, str) else v[-MAX_TEXT:] if k == "error" else v[:MAX_TEXT]
        for k, v in facts.items()
    }


def _message(record: logging.LogRecord) -> str:
    """A message that doesn't fit its arguments is no reason to lose both."""
    try:
        return record.getMessage()
    except (TypeError, ValueError):
        return f"{record.msg} {record.args}"


def _plain(value: object) -> object:
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError):
        return str(value)
    return value


class _LogFile(ConcurrentRotatingFileHandler):  # type: ignore[misc]
    """A full or vanished disk ends no run: what cannot be written is counted."""

    lost = 0

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        self.lost += 1


@contextmanager
def logbook(path: Path, rule: LogRule) -> Iterator[Redactor]:
    """Everything that is logged meanwhile goes to ``path``, uncaught errors too.

    Several programs may write to the same one. Gives what is told of secrets that must
    not be written. Raises ConfigError for a place that cannot be written, and ProgramError
    in the stead of errors that are none of ours: a bare traceback may show secrets.
    """
    _check_place(path)
    redactor = Redactor()
    redactor.hide_environment(os.environ)
    handler = _LogFile(
        str(path.absolute()),
        maxBytes=rule.max_mb * MEGABYTE,
        backupCount=rule.files,
        encoding="utf-8",
        umask=0o027,
    )
    handler.setFormatter(JsonLines(redactor))
    with _attached(handler, rule.level.upper()), _uncaught_errors(redactor):
        _log.info("began", extra={"version": __version__, "command": sys.argv[1:2]})
        try:
            yield redactor
        except InspectorError as error:
            _log.error("ended: %s", error)
            raise
        except BrokenPipeError:
            raise
        except Exception as error:  # noqa: BLE001 - on record whole, and passed on in one line
            _log.exception("ended by an error of the program")
            said = redactor.text(f"{type(error).__name__}: {error}")
            raise ProgramError(
                f"a mistake in the program ended it: {said}; the traceback is in {path}"
            ) from None
        finally:
            _log.info("closed", extra={"lines_lost": handler.lost} if handler.lost else {})


def log_beside(db: Path) -> Path:
    """Where the log lies if nobody says: beside the record."""
    return db.with_name(f"{db.stem}.log")


def _check_place(path: Path) -> None:
    """Raises ConfigError."""
    folder = path.absolute().parent
    if path.is_dir():
        raise ConfigError(f"log {path} is a folder: name a file")
    if not folder.is_dir():
        raise ConfigError(f"log {path}: there is no folder {folder}: make it first")
    if not os.access(path if path.exists() else folder, os.W_OK):
        raise ConfigError(f"log {path}: may not be written; name another file with --log")


@contextmanager
def _attached(handler: logging.Handler, level: str) -> Iterator[None]:
    """To the root: libraries' warnings are wanted, their chatter is not."""
    root, own = logging.getLogger(), logging.getLogger(_PROGRAM)
    before = own.level
    own.setLevel(level)
    root.addHandler(handler)
    logging.captureWarnings(capture=True)
    try:
        yield
    finally:
        logging.captureWarnings(capture=False)
        root.removeHandler(handler)
        own.setLevel(before)
        handler.close()


@contextmanager
def _uncaught_errors(redactor: Redactor) -> Iterator[None]:
    """Those of threads, and of calls from C that nobody is there to catch."""
    before_thread, before_main = threading.excepthook, sys.excepthook

    def in_thread(args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None:
            name = args.thread.name if args.thread else "?"
            _log.critical("thread %s ended by an error", name, exc_info=args.exc_value)
            _print(redactor, args.exc_value)

    def in_main(
        kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        _log.critical("an error that nobody caught", exc_info=error)
        _print(redactor, error)

    threading.excepthook, sys.excepthook = in_thread, in_main
    try:
        yield
    finally:
        threading.excepthook, sys.excepthook = before_thread, before_main


def _print(redactor: Redactor, error: BaseException) -> None:
    """As Python would, without secrets."""
    if sys.stderr is not None:
        sys.stderr.write(redactor.text("".join(traceback.format_exception(error))))
