"""One trouble of a run: told when it begins, and when it is over."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from inspector.engine.status import Scoreboard, Trouble

OnEvent = Callable[[str, str], None]
"""``on_event(kind, detail)``, from any thread."""


@dataclass(frozen=True, slots=True, eq=False)
class Alarm:
    """On the board, and as an event ``NAME_lost`` with what is wrong, ``NAME_back`` afterwards.

    ``source_id`` is what the latter says.
    """

    board: Scoreboard
    on_event: OnEvent
    trouble: Trouble
    name: str
    source_id: str

    def lost(self, what: str) -> None:
        self.board.degrade(self.trouble)
        self.on_event(f"{self.name}_lost", what)

    def back(self) -> None:
        self.board.recover(self.trouble)
        self.on_event(f"{self.name}_back", self.source_id)
