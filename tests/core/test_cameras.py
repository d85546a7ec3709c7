from __future__ import annotations

import pytest

from inspector.core.cameras import parse_cameras
from inspector.core.execution import Execution
from inspector.errors import ConfigError

TWO = """
station = "line-3"
[network]
most = 4
patience_ms = 1.5
[[cameras]]
name = "left"
job = "jobs/nut.toml"
[[cameras]]
name = "right"
job = "jobs/nut.toml"
source = "rtsp://10.0.0.7/right"
"""


def test_a_file_with_two_cameras():
    held = parse_cameras(TWO, "line.toml")
    assert (held.station, held.db, held.network.most) == ("line-3", "inspector.db", 4)
    assert [(c.name, c.source) for c in held.cameras] == [
        ("left", None),
        ("right", "rtsp://10.0.0.7/right"),
    ]


def test_how_networks_are_run_has_defaults_and_a_place_of_its_own():
    assert parse_cameras(TWO, "line.toml").network.execution == Execution()
    text = TWO.replace(
        "[[cameras]]",
        '[network.execution]\nprovider = "cuda"\ngpu_mem_limit_mb = 900\n[[cameras]]',
        1,
    )
    held = parse_cameras(text, "line.toml").network.execution
    assert (held.provider, held.gpu_mem_limit_mb, held.cuda_graph) == ("cuda", 900, True)
    for wrong in ("gpu_mem_limit_mb = 10", 'provider = "rocm"', "spin = 1"):
        with pytest.raises(ConfigError, match=r"network\.execution"):
            parse_cameras(
                text.replace("gpu_mem_limit_mb = 900", wrong).replace('provider = "cuda"\n', ""),
                "line.toml",
            )


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "cameras: Field required"),
        ("cameras = []", "cameras: List should have at least 1 item"),
        ("station =", "not valid TOML"),
        (TWO.replace('"right"\njob', '"left"\njob'), "two cameras are called 'left'"),
        (TWO + "colour = 1", "cameras.1.colour"),
        (TWO.replace("most = 4", "most = 0"), "network.most"),
        (TWO.replace("1.5", "nan"), "network.patience_ms"),
        (TWO.replace('"line-3"', '"../line"'), "station"),
        (TWO.replace('job = "jobs/nut.toml"', 'job = ""'), "cameras.0.job"),
    ],
)
def test_what_is_wrong_is_named(text: str, problem: str):
    with pytest.raises(ConfigError, match=r"cameras line\.toml") as error:
        parse_cameras(text, "line.toml")
    assert problem in str(error.value)
