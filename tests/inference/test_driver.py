"""The calls that are made of the CUDA driver, by a driver that only notes them."""

from __future__ import annotations

import ctypes
import threading
from typing import Any

import numpy as np
import pytest

from inspector.inference import driver as driver_module
from inspector.inference import pinned
from inspector.inference.driver import Driver, Launch
from inspector.inference.pinned import Staging
from inspector.inference.trouble import Trouble, trouble_of

WORDS = {2: b"out of memory", 100: b"no CUDA-capable device is detected", 712: b"already mapped"}


class Library:
    """Answers every call with the code given for it."""

    def __init__(self, **codes: int) -> None:
        self.codes, self.called = codes, []
        self.arguments: dict[str, tuple[Any, ...]] = {}

    def __getattr__(self, name: str) -> Any:
        def call(*arguments: Any) -> int:
            self.called.append(name)
            self.arguments[name] = arguments
            if name == "cuGetErrorString":
                arguments[1]._obj.value = WORDS.get(arguments[0])
            return self.codes.get(name, 0)

        return call


def driver(monkeypatch: pytest.MonkeyPatch, **codes: int) -> tuple[Driver, Library]:
    library = Library(**codes)
    for kind in ("CDLL", "PyDLL"):
        monkeypatch.setattr(driver_module.ctypes, kind, lambda name: library)
    return Driver(), library


@pytest.mark.parametrize(
    ("code", "said", "trouble"),
    [
        (2, "CUDA failure 2: out of memory ; cuMemAlloc_v2", Trouble.MEMORY),
        (719, "CUDA failure 719: unknown error ; cuMemAlloc_v2", Trouble.LOST),
        (100, "CUDA failure 100: no CUDA-capable device is detected ; cuMemAlloc", Trouble.LOST),
        (1, "CUDA failure 1: unknown error ; cuMemAlloc_v2", Trouble.FAILED),
    ],
)
def test_what_fails_is_said_in_words_that_are_understood(
    monkeypatch: pytest.MonkeyPatch, code: int, said: str, trouble: Trouble
):
    made, _ = driver(monkeypatch, cuMemAlloc_v2=code)
    with pytest.raises(RuntimeError, match=said) as caught:
        made.allocate(10)
    assert trouble_of(str(caught.value)) is trouble


def test_without_a_driver_there_is_a_reason(monkeypatch: pytest.MonkeyPatch):
    def missing(name: str) -> None:
        raise OSError(f"{name}: cannot open shared object file")

    monkeypatch.setattr(driver_module.ctypes, "CDLL", missing)
    with pytest.raises(RuntimeError, match="cannot open shared object file"):
        Driver()
    with pytest.raises(RuntimeError, match="CUDA failure 100"):
        driver(monkeypatch, cuInit=100)


def test_each_thread_enters_the_context_once(monkeypatch: pytest.MonkeyPatch):
    made, library = driver(monkeypatch)
    for _ in range(2):
        made.allocate(1)
    other = threading.Thread(target=lambda: [made.allocate(1) for _ in range(2)])
    other.start()
    other.join()
    assert library.called.count("cuCtxSetCurrent") == 2
    assert library.called.count("cuDevicePrimaryCtxRetain") == 1


def test_a_region_is_copied_row_by_row(monkeypatch: pytest.MonkeyPatch):
    made, library = driver(monkeypatch)
    frame = np.zeros((20, 30, 3), np.uint8)
    region = frame[5:12, 10:25]
    made.stream().copy_in(region, 4096)
    asked = library.arguments["cuMemcpy2DAsync_v2"][0]._obj
    assert asked.src_host == frame.ctypes.data + 5 * 90 + 10 * 3
    assert (asked.src_pitch, asked.dst_pitch) == (90, 45)
    assert (asked.width_bytes, asked.height, asked.dst_device) == (45, 7, 4096)
    assert (asked.src_type, asked.dst_type) == (1, 2)
    # the structure of the driver's manual: 16 fields of a word, three of them of half of one
    assert ctypes.sizeof(asked) == 16 * 8


def test_a_recording_minds_no_other_thread_and_a_stream_no_other_stream(
    monkeypatch: pytest.MonkeyPatch,
):
    made, library = driver(monkeypatch)
    stream = made.stream()
    assert library.arguments["cuStreamCreate"][1] == 1  # CU_STREAM_NON_BLOCKING
    stream.begin_recording()
    assert library.arguments["cuStreamBeginCapture_v2"][1] == 1  # thread-local
    stream.end_recording()
    assert library.called[-1] == "cuGraphDestroy"  # what was made of it needs it no more
    made.spare(stream)
    assert made.stream() is stream


def test_an_event_is_past_not_yet_or_in_trouble(monkeypatch: pytest.MonkeyPatch):
    made, library = driver(monkeypatch)
    event = made.event()
    for quick in (True, False):
        library.codes["cuEventQuery"] = 0
        assert event.is_past(quick=quick)
        library.codes["cuEventQuery"] = 600  # CUDA_ERROR_NOT_READY
        assert not event.is_past(quick=quick)
        library.codes["cuEventQuery"] = 700
        with pytest.raises(RuntimeError, match="CUDA failure 700"):
            event.is_past(quick=quick)


def test_a_kernel_gets_its_arguments_by_their_addresses(monkeypatch: pytest.MonkeyPatch):
    made, library = driver(monkeypatch)
    numbers = (ctypes.c_uint64(1 << 40), ctypes.c_int(-3))
    made.stream().launch(Launch(ctypes.c_void_p(7), (5, 6), (64, 4), *numbers))
    kernel, *rest = library.arguments["cuLaunchKernel"]
    assert kernel.value == 7
    assert rest[:7] == [5, 6, 1, 64, 4, 1, 0]
    places = rest[8]
    assert ctypes.c_uint64.from_address(places[0]).value == 1 << 40
    assert ctypes.c_int.from_address(places[1]).value == -3


@pytest.mark.parametrize(
    ("codes", "problem"),
    [
        ({}, None),
        ({"cuMemHostRegister_v2": 712}, "CUDA failure 712: already mapped ; cuMemHostRegister_v2"),
    ],
)
def test_pages_are_registered_once_and_let_go(
    monkeypatch: pytest.MonkeyPatch, codes: dict[str, int], problem: str | None
):
    made, library = driver(monkeypatch, **codes)
    monkeypatch.setattr(pinned, "driver", lambda: made)
    staging = Staging((1, 4, 4, 3), lock=True)
    assert staging.problem == problem
    staging.unlock()
    staging.unlock()
    assert library.called.count("cuMemHostUnregister") == (problem is None)
