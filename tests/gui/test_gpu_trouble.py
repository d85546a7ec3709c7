"""Trouble with the GPU on screen: an alarm, and the provider really in use."""

from __future__ import annotations

from dataclasses import replace

import pytest

from inspector.gui.notices import Severity
from inspector.gui.runs.session import _in_force
from inspector.gui.shell import health_rules
from inspector.gui.widgets.health import Health
from tests.support.fakes import ScriptedPredictor
from tests.support.staged import facts_of
from tests.support.staged_line import Line


@pytest.mark.parametrize(
    ("kind", "severity", "words"),
    [
        ("gpu_rebuilt", Severity.WARNING, "started again"),
        ("gpu_degraded", Severity.ALARM, "the slower CPU inspects now"),
        ("gpu_failed", Severity.ALARM, "no part is being inspected"),
    ],
)
def test_a_notice_says_what_it_means(line: Line, kind: str, severity: Severity, words: str):
    session = line.start()
    session.tell(kind, "CUDA failure 700")
    line.pull()
    (notice,) = line.window.context.notices.notices
    assert words in notice.title
    assert (notice.severity, notice.details) == (severity, "CUDA failure 700")


def test_the_strip_shows_the_provider_in_use_and_why(line: Line):
    session = line.start()
    before = session.snapshot()
    assert health_rules.provider(before).health is Health.GOOD
    degraded = replace(facts_of(), degraded="on the CPU instead of CUDA: out of memory")
    reading = health_rules.provider(replace(before, facts=degraded))
    assert (reading.text, reading.health) == ("CPU int8", Health.BAD)
    assert "out of memory" in reading.tip


def test_a_snapshot_follows_the_predictor_that_judges():
    """Another provider under the same model and recipe is news as well."""
    facts = facts_of()

    class InForce:
        predictor = ScriptedPredictor()
        recipe = facts.recipe
        model_id = facts.model_id

    class Station:
        class changeovers:  # noqa: N801
            in_force = InForce

    InForce.predictor.provider = facts.provider
    assert _in_force(facts, Station) is facts
    InForce.predictor.provider, InForce.predictor.degraded = "X", "broken"
    found = _in_force(facts, Station)
    assert (found.provider, found.degraded) == ("X", "broken")
