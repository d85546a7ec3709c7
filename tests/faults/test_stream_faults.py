"""A real RTSP server, and between it and the station a proxy that cuts, stalls and spoils."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from inspector.core.inspection import Verdict
from inspector.engine.status import State
from inspector.sources.factory import open_source
from inspector.sources.options import SourceOptions
from tests.faults.ledger import Ledger, Row
from tests.faults.line import Line, line_of, wait_for_spare
from tests.faults.proxy import Proxy, proxy_to
from tests.support.rtsp import RtspServer, rtsp_server

SEEN = Verdict.PASS, Verdict.REVIEW, Verdict.FAIL


def judged(line: Line) -> int:
    return sum(said.part.verdict in SEEN for said in line.parts)


def wait_judged(line: Line, count: int) -> None:
    least = judged(line) + count
    line.wait(lambda: judged(line) >= least, f"{count} frames judged")


def first_judged(line: Line, after: float) -> float:
    line.wait(
        lambda: any(s.part.verdict in SEEN and s.span[0] > after for s in line.parts), "judged"
    )
    return next(s.at for s in line.parts if s.part.verdict in SEEN and s.span[0] > after)


def test_an_rtsp_server_that_is_cut_off_stalls_or_is_replaced(
    package: Path, tmp_path: Path, ledger: Ledger
) -> None:
    """One station for all of them: starting one takes longer than the faults."""
    with rtsp_server() as first, rtsp_server() as second, proxy_to(first.port) as proxy:
        source = open_source(f"rtsp://127.0.0.1:{proxy.port}/line", SourceOptions(spare=True))
        with line_of(source, package, tmp_path, every_frame=True) as line:
            wait_judged(line, 5)
            rows = []
            for fault in (_stalled, _cut, _replaced):
                wait_for_spare(source)
                rows.append(fault(line, proxy, first, second))
            line.end()
    for row in rows:
        assert not set(row.meanwhile) & {v.value for v in SEEN}
        ledger.add(row)
    assert line.lost() == 0


def _stalled(line: Line, proxy: Proxy, *_: RtspServer) -> Row:
    proxy.set_stall(stall=True)
    began = time.monotonic()
    declared = line.event("source_lost", began)
    proxy.set_stall(stall=False)
    return _row(line, "stream: stalls, and goes on", began, declared, time.monotonic())


def _cut(line: Line, proxy: Proxy, *_: RtspServer) -> Row:
    began = time.monotonic()
    proxy.cut()
    return _row(line, "stream: connection cut", began, line.event("source_lost", began), began)


def _replaced(line: Line, proxy: Proxy, first: RtspServer, second: RtspServer) -> Row:
    began = time.monotonic()
    first.process.kill()
    declared = line.event("source_lost", began)
    proxy.target = second.port
    return _row(line, "stream: server killed, then restarted", began, declared, time.monotonic())


def _row(line: Line, fault: str, began: float, declared: float, healed: float) -> Row:
    again = first_judged(line, declared)
    # what was on its way when it broke was fresh, whole and from the right camera
    meanwhile = line.meanwhile(began + 0.2, declared)
    return Row(
        fault=fault,
        where="a proxy before a real server",
        expected="declared, nothing judged, opened again",
        detected_s=declared - began,
        meanwhile=meanwhile,
        lost=line.lost(),
        recovered_s=again - healed,
        bounded=True,
    )


@pytest.mark.slow
def test_corrupt_packets_end_nothing_but_the_capture_process(
    package: Path, tmp_path: Path, ledger: Ledger
) -> None:
    with rtsp_server() as server, proxy_to(server.port) as proxy:
        source = open_source(f"rtsp://127.0.0.1:{proxy.port}/line", SourceOptions(spare=True))
        with line_of(source, package, tmp_path, every_frame=True) as line:
            wait_judged(line, 5)
            proxy.corrupt = 2
            began = time.monotonic()
            wait_for_parts_or_loss(line, 60)
            proxy.corrupt = 0
            healed = time.monotonic()
            again = first_judged(line, healed)
            status = line.end()
    assert status.state is State.STOPPED
    meanwhile = line.meanwhile(began, healed)
    # some damage is seen by nobody: how much, docs/decisions/0024 says
    assert meanwhile[Verdict.INVALID.value]
    ledger.add(
        Row(
            fault="stream: two bytes in a thousand corrupt",
            where="a proxy before a real server",
            expected="pictures marked and not judged, the stream opened again where it breaks",
            meanwhile=meanwhile,
            lost=line.lost(),
            recovered_s=again - healed,
        )
    )


def wait_for_parts_or_loss(line: Line, count: int) -> None:
    """Until so many more parts were announced, or the source was lost."""
    least = len(line.parts) + count
    lost = len(line.events)
    line.wait(lambda: len(line.parts) >= least or len(line.events) > lost, "parts or a loss")
