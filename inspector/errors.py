"""Every exception that Inspector raises on purpose.

One line each, for a person: what, where, what was expected, what to do. The
command line prints that line and exits with ``exit_code``: 2 for wrong usage or
input, 1 for a run that ended in an error.
"""

from __future__ import annotations


class InspectorError(Exception):
    """Base of all errors with a message meant for the user."""

    exit_code: int = 1


class InputError(InspectorError):
    """Something the user gave cannot be used as it is."""

    exit_code = 2


class ConfigError(InputError):
    """A recipe, job or station file is not valid."""


class AccessError(InputError):
    """Not allowed for this person, or a wrong name or PIN."""


class TooSoonError(AccessError):
    """After wrong PINs the next try has to wait: ``wait_s`` seconds."""

    def __init__(self, message: str, wait_s: float = 0.0) -> None:
        super().__init__(message)
        self.wait_s = wait_s


class RecipeMismatchError(ConfigError):
    """A recipe was set for another model: its thresholds mean nothing here."""


class PackageError(InputError):
    """A model package is incomplete, altered, unsafe or not what it promises."""


class ProviderError(InputError):
    """The execution provider that was demanded cannot be had on this machine."""


class SourceOpenError(InputError):
    """A source cannot be opened: missing, unreadable, unreachable or refused."""


class SourceError(InspectorError):
    """An open source broke: no frame in time, changed size, crashed."""


class SourceChangedError(SourceError):
    """The images of a source changed their size in mid-stream."""

    exit_code = 2


class SourceCutOffError(SourceError):
    """A file ends before the end that it promises: truncated or damaged."""

    exit_code = 2


class SourceInterrupted(SourceError):
    """``interrupt()`` ended a waiting ``read()``; asked for, so no failure."""


class InferenceError(InspectorError):
    """The network failed on a frame, or answered with something unusable."""


class DeviceError(InferenceError):
    """The GPU ran out of memory, failed or was lost: more than this frame's trouble.

    ``lost``: nothing of this process can use it any more.
    """

    def __init__(self, message: str, *, lost: bool = False) -> None:
        super().__init__(message)
        self.lost = lost


class StoreError(InspectorError):
    """The record cannot be written or read."""


class StoreUnavailableError(StoreError):
    """The record cannot be opened: wrong path, no permission, newer schema."""

    exit_code = 2


class StoreFullError(StoreError):
    """The disk that holds the record is full."""

    exit_code = 2


class AlteredError(StoreError):
    """The record is not what was written: rows were altered, removed or reordered."""


class ProgramError(InspectorError):
    """Stands for an exception that nobody meant to raise: a mistake in the program."""


class StateError(InspectorError):
    """A call that is not allowed in the present state (a programming error)."""
