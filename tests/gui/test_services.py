"""Settings, background work, notices, alarms and words: the services behind the pages."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import ValidationError
from pytestqt.qtbot import QtBot

from inspector import errors
from inspector.core.inspection import Verdict
from inspector.gui.alarms import Alarm, AlarmWatch
from inspector.gui.notices import Notice, NoticeBoard, Severity
from inspector.gui.settings import AlarmSettings, SettingsFile
from inspector.gui.words import explain
from inspector.gui.work import Cancelled, Done, Failed, Job, Outcome, WorkRunner

P, F, R, X = Verdict.PASS, Verdict.FAIL, Verdict.REVIEW, Verdict.INVALID


# settings


def test_settings_come_back_at_the_next_start(tmp_path: Path):
    SettingsFile.load(tmp_path).update(theme="light", last_job="nut")
    again = SettingsFile.load(tmp_path)
    assert (again.values.theme, again.values.last_job) == ("light", "nut")
    assert again.problem is None


@pytest.mark.parametrize("text", ["", "{", '{"theme": "pink"}', '{"unknown": 1}', "\x00", "[]"])
def test_a_broken_file_is_kept_aside_and_stops_nothing(tmp_path: Path, text: str):
    (tmp_path / "window.json").write_text(text)
    loaded = SettingsFile.load(tmp_path)
    assert loaded.values.theme == "dark"
    assert loaded.problem is not None
    assert "window.json.broken" in loaded.problem
    assert (tmp_path / "window.json.broken").read_text() == text
    loaded.update(theme="light")
    assert SettingsFile.load(tmp_path).problem is None


def test_wrong_settings_are_refused_and_change_nothing(settings: SettingsFile):
    with pytest.raises(ValidationError):
        settings.update(theme="pink")
    assert settings.values.theme == "dark"


def test_a_folder_that_cannot_be_written_is_told_not_raised(tmp_path: Path):
    (tmp_path / "file").write_text("")
    settings = SettingsFile.load(tmp_path / "file" / "below")
    settings.update(theme="light")
    assert settings.problem is not None


# background work


@pytest.fixture
def work(qapp: object):
    runner = WorkRunner()
    yield runner
    runner.close()


def _result(work: WorkRunner, qtbot: QtBot, function: object) -> Outcome[object]:
    outcomes: list[Outcome[object]] = []
    work.submit(function, outcomes.append)
    qtbot.waitUntil(lambda: bool(outcomes))
    return outcomes[0]


def test_an_answer_comes_on_the_gui_thread(work: WorkRunner, qtbot: QtBot):
    threads: list[threading.Thread] = []
    work.submit(
        lambda job: threading.current_thread(),
        lambda o: threads.extend([o.value, threading.current_thread()]),
    )
    qtbot.waitUntil(lambda: len(threads) == 2)
    assert threads[0] is not threading.main_thread()
    assert threads[1] is threading.main_thread()


def test_an_error_comes_back_as_a_value(work: WorkRunner, qtbot: QtBot):
    def fail(job: Job) -> None:
        raise errors.ConfigError("no")

    outcome = _result(work, qtbot, fail)
    assert isinstance(outcome, Failed)
    assert isinstance(outcome.error, errors.ConfigError)


def test_progress_is_told_and_cancel_heard(work: WorkRunner, qtbot: QtBot):
    going, told, outcomes = threading.Event(), [], []

    def long(job: Job) -> None:
        job.progress(0.5, "half")
        assert going.wait(10)
        job.check()

    job = work.submit(long, outcomes.append, on_progress=lambda *p: told.append(p))
    qtbot.waitUntil(lambda: told == [(0.5, "half")])
    job.cancel()
    going.set()
    qtbot.waitUntil(lambda: bool(outcomes))
    assert outcomes == [Cancelled()]


def test_of_one_key_only_the_newest_answers(work: WorkRunner, qtbot: QtBot):
    gate, answers = threading.Event(), []

    def old(job: Job) -> str:
        assert gate.wait(10)
        return "old"

    work.submit(old, answers.append, key="query")
    work.submit(lambda job: "new", answers.append, key="query")
    qtbot.waitUntil(lambda: answers == [Done("new")])
    gate.set()
    work.submit(lambda job: "last", answers.append)
    qtbot.waitUntil(lambda: len(answers) == 2)
    assert answers == [Done("new"), Done("last")]


def test_closing_cancels_and_nothing_answers_afterwards(qapp: object, qtbot: QtBot):
    runner, entered, answers = WorkRunner(), threading.Event(), []

    def wait(job: Job) -> None:
        entered.set()
        while not job.cancelled:
            threading.Event().wait(0.001)

    runner.submit(wait, answers.append)
    assert entered.wait(10)
    runner.close()
    qtbot.wait(1)
    assert answers == []


# notices


def _alarm(key: str = "a", title: str = "fire") -> Notice:
    return Notice(key, Severity.ALARM, title)


@pytest.mark.usefixtures("qapp")
def test_an_alarm_outlives_its_cause_until_it_is_acknowledged():
    board = NoticeBoard()
    board.tell(_alarm())
    board.resolve("a")
    assert [n.holds for n in board.notices] == [False]
    board.acknowledge("a")
    assert board.notices == ()


@pytest.mark.usefixtures("qapp")
def test_an_acknowledged_alarm_stays_calm_while_it_holds_and_goes_with_its_cause():
    board = NoticeBoard()
    board.tell(_alarm())
    board.acknowledge("a")
    board.tell(_alarm())
    assert board.waiting == ()
    board.tell(_alarm(title="more fire"))
    assert len(board.waiting) == 1
    board.acknowledge("a")
    board.resolve("a")
    assert board.notices == ()


@pytest.mark.usefixtures("qapp")
def test_the_gravest_unseen_notice_stands_first():
    board = NoticeBoard()
    board.tell(Notice("i", Severity.INFO, "info"))
    board.tell(_alarm())
    board.tell(Notice("w", Severity.WARNING, "warning"))
    assert [n.key for n in board.notices] == ["a", "w", "i"]
    board.acknowledge("a")
    assert [n.key for n in board.notices] == ["w", "i", "a"]
    board.acknowledge_all()
    assert [n.key for n in board.notices] == ["a", "w"]


@pytest.mark.usefixtures("qapp")
def test_a_cause_stands_before_what_follows_from_it_while_it_holds():
    board = NoticeBoard()
    board.tell(_alarm("cause"))
    board.tell(replace(_alarm("result"), follows=True))
    board.tell(_alarm("another"))
    assert [n.key for n in board.notices] == ["another", "cause", "result"]
    board.resolve("cause")
    assert [n.key for n in board.notices] == ["another", "result", "cause"]


# alarms


@pytest.mark.parametrize(
    ("verdicts", "alarms"),
    [
        ([], set()),
        ([F, F], set()),
        ([F, F, F], {Alarm.CONSECUTIVE_FAILS}),
        ([F, F, P, F], set()),
        ([F, F, R, F], set()),
        ([F, F, P, F, P], {Alarm.FAIL_SHARE}),
        ([F, F, P, F, P, P], {Alarm.FAIL_SHARE}),
        ([F, F, P, F, P, P, P], set()),
        ([X, X], {Alarm.CONSECUTIVE_INVALID}),
    ],
)
def test_alarm_rules(verdicts: list[Verdict], alarms: set[Alarm]):
    watch = AlarmWatch(AlarmSettings(fail_share=0.4, window=5, consecutive_invalid=2))
    states = [watch.after(v) for v in verdicts]
    assert {s.alarm for s in (states[-1] if states else ()) if s.holds} == alarms


def test_a_rule_at_zero_is_switched_off():
    watch = AlarmWatch(AlarmSettings(consecutive_fails=0, fail_share=0, consecutive_invalid=0))
    assert [watch.after(F) for _ in range(30)][-1] == ()


# words


def _all_errors(kind: type[BaseException] = errors.InspectorError) -> list[type[BaseException]]:
    return [kind, *(e for sub in kind.__subclasses__() for e in _all_errors(sub))]


@pytest.mark.usefixtures("qapp")
@pytest.mark.parametrize("kind", [*_all_errors(), ValueError, MemoryError])
def test_every_failure_has_words_and_advice(kind: type[BaseException]):
    words = explain(kind("rtsp://cam: detail"))
    assert words.title
    assert words.advice
    assert "rtsp" not in words.title + words.advice
    assert "detail" in words.details
