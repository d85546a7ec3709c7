"""The process in which a model is opened for the first time; see ``proving``."""

from __future__ import annotations

import json
import pickle
import sys

import numpy as np
import onnxruntime as ort
import psutil

from inspector.errors import PackageError
from inspector.inference.providers import CPU
from inspector.inference.proving import OURS_TO_REPORT, Answer, Task
from inspector.inference.session import ORT_ERRORS, brief, open_session

_NO_KERNEL = "NOT_IMPLEMENTED"


def main() -> None:
    """A task on standard input, the answer as a line of JSON at the end of standard output."""
    task: Task = pickle.load(sys.stdin.buffer)  # noqa: S301 - from the process that started us
    _bound(task.memory)
    answer = tried(task)
    said = {OURS_TO_REPORT: {"refused": answer.refused, "unsupported": answer.unsupported}}
    sys.stdout.write(f"\n{json.dumps(said)}\n")
    sys.stdout.flush()


def tried(task: Task) -> Answer:
    """Opens the model and runs the images as a station would: one by one, and as a batch."""
    try:
        session = open_session(task.model, provider=CPU, threads=1, where="model")
        _run(session, task)
    except PackageError as error:
        return _refusal(str(error).removeprefix("model: "))
    except ORT_ERRORS as error:
        return _refusal(f"ONNX Runtime cannot run it: {brief(error)}")
    return Answer()


def _run(session: ort.InferenceSession, task: Task) -> None:
    free = not isinstance(session.get_inputs()[0].shape[0], int)
    singles = list(np.split(task.images, len(task.images)))
    for batch in [*singles, task.images] if free else singles:
        session.run(None, {task.input_name: np.ascontiguousarray(batch)})


def _refusal(why: str) -> Answer:
    return Answer(why, unsupported=_NO_KERNEL in why)


def _bound(memory: int) -> None:
    """No more address space than that, and no core file of what may be large."""
    if sys.platform != "linux":
        return
    import resource

    most = psutil.Process().memory_info().vms + memory
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    main()
