"""The tables of the record.

Ids that leave the file (run, part) are ULIDs; inside it rows point at each other by
small integers, because a 60 fps line writes five million frame rows a day. Every row
joins to its run, and with it to station and source.
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)

HEAD_REVISION = "0003"
"""The Alembic revision that this metadata stands for (a test holds them together)."""

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND = dt.timedelta(microseconds=1)


def to_micros(moment: dt.datetime) -> int:
    """Microseconds since 1970 UTC, exact; raises ValueError for a naive time."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment!r} has no time zone; the record keeps UTC")
    return (moment - _EPOCH) // _MICROSECOND


def from_micros(value: int) -> dt.datetime:
    """The aware UTC time of a number of microseconds since 1970."""
    return _EPOCH + value * _MICROSECOND


class UtcTime(TypeDecorator[dt.datetime]):
    """An aware time kept as whole microseconds since 1970 UTC: compact, exact, ordered."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: Dialect) -> int | None:
        return None if value is None else to_micros(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> dt.datetime | None:
        return None if value is None else from_micros(value)


metadata = MetaData()

runs = Table(
    "runs",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("run_id", String(26), nullable=False, unique=True),
    Column("station_id", String, nullable=False),
    Column("source_id", String, nullable=False),
    Column("source_uri", String, nullable=False),
    Column("model_id", String, nullable=False),
    Column("recipe_id", String, nullable=False),
    Column("recipe", JSON, nullable=False),
    Column("provider", String, nullable=False),
    Column("variant", String, nullable=False),
    Column("program_version", String, nullable=False),
    Column("started_at", UtcTime, nullable=False),
    # all of the following are NULL for a run that is going on, or that was killed
    Column("finished_at", UtcTime),
    Column("state", String),
    Column("stop_reason", String),
    Column("error", Text),
    Column("counters", JSON(none_as_null=True)),
    # NULL in runs that were recorded before these were kept
    Column("job", String),
    Column("archive", String),
    Column("image_width", Integer),
    Column("image_height", Integer),
)
Index("ix_runs_started_at", runs.c.started_at)
Index("ix_runs_job", runs.c.job)

# Which model judged by which recipe: named once instead of in every row.
setups = Table(
    "setups",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("model_id", String, nullable=False),
    Column("recipe_id", String, nullable=False),
    UniqueConstraint("model_id", "recipe_id", name="uq_setups"),
)

_VERDICTS = "verdict IN ('PASS', 'REVIEW', 'INVALID', 'FAIL')"
_FRAME_VERDICTS = "verdict IN ('PASS', 'REVIEW', 'INVALID', 'FAIL', 'NO_PART')"

parts = Table(
    "parts",
    metadata,
    Column("part_id", String(26), primary_key=True),
    Column("run", Integer, ForeignKey("runs.id"), nullable=False),
    Column("setup", Integer, ForeignKey("setups.id"), nullable=False),
    Column("part_index", Integer, nullable=False),
    Column("verdict", String(8), nullable=False),
    Column("score", Float),
    Column("reason", Text),
    Column("first_frame", Integer, nullable=False),
    Column("last_frame", Integer, nullable=False),
    Column("frames_settled", Integer, nullable=False),
    Column("frames_inspected", Integer, nullable=False),
    Column("key_frame", Integer),
    Column("defects", JSON(none_as_null=True)),
    Column("started_at", UtcTime, nullable=False),
    Column("finished_at", UtcTime, nullable=False),
    Column("defect_type", String),
    Column("latency_us", Integer),
    # number of the station's seal that covers it; NULL from before there were seals
    Column("seal", Integer),
    UniqueConstraint("run", "part_index", name="uq_parts"),
    CheckConstraint(_VERDICTS, name="ck_parts_verdict"),
)
# In the order in which the history is paged, and with all that filters and counts ask
# for: neither has to visit the table. The smaller one is for those who ask for rejects.
_ASKED_FOR = (
    parts.c.finished_at,
    parts.c.part_id,
    parts.c.verdict,
    parts.c.run,
    parts.c.setup,
    parts.c.score,
)
REJECTS = text("verdict <> 'PASS'")
"""In so many words: no database would see by a parameter that an index on this fits."""
Index("ix_parts_history", *_ASKED_FOR, parts.c.latency_us)
Index(
    "ix_parts_rejects",
    *_ASKED_FOR,
    parts.c.reason,
    parts.c.defect_type,
    sqlite_where=REJECTS,
    postgresql_where=REJECTS,
)

# What a person said of a part: beside its verdict, never over it. Rows are added only;
# the newest counts, and an undo is one more row.
part_labels = Table(
    "part_labels",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("part_id", String(26), ForeignKey("parts.part_id"), nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("who", String, nullable=False),
    Column("judgement", String(9), nullable=False),
    Column("defect_type", String),
    Column("why", Text, nullable=False),
    CheckConstraint("judgement IN ('GOOD', 'BAD', 'WITHDRAWN')", name="ck_part_labels"),
)
Index("ix_part_labels_part", part_labels.c.part_id, part_labels.c.id)

frames = Table(
    "frames",
    metadata,
    Column("run", Integer, ForeignKey("runs.id"), primary_key=True),
    Column("frame_index", Integer, primary_key=True),
    Column("region", String, primary_key=True),
    Column("setup", Integer, ForeignKey("setups.id"), nullable=False),
    Column("verdict", String(8), nullable=False),
    Column("score", Float),
    Column("part_index", Integer),
    Column("settled", Boolean, nullable=False),
    Column("captured_at", UtcTime, nullable=False),
    Column("defects", JSON(none_as_null=True)),
    Column("reason", Text),
    # whole microseconds: two or three bytes each where a float takes eight
    Column("read_us", Integer, nullable=False),
    Column("presence_us", Integer, nullable=False),
    Column("queue_us", Integer, nullable=False),
    Column("prepare_us", Integer, nullable=False),
    Column("network_us", Integer, nullable=False),
    Column("judge_us", Integer, nullable=False),
    Column("age_us", Integer, nullable=False),
    CheckConstraint(_FRAME_VERDICTS, name="ck_frames_verdict"),
    sqlite_with_rowid=False,
)
Index("ix_frames_time", frames.c.captured_at, frames.c.verdict)

events = Table(
    "events",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("run", Integer, ForeignKey("runs.id"), nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("kind", String, nullable=False),
    Column("detail", Text, nullable=False),
)
Index("ix_events_time", events.c.run, events.c.at)

# No foreign key to parts on purpose: the bookkeeping of an image must never be able to
# fail the transaction that holds a verdict. A row says that the image was archived; the
# quota may have deleted the file since.
images = Table(
    "images",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("part_id", String(26), nullable=False),
    Column("path", String, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("kind", String, nullable=False),
)
Index("ix_images_part", images.c.part_id)

audit = Table(
    "audit",
    metadata,
    Column("station_id", String, primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("at", UtcTime, nullable=False),
    Column("who", String, nullable=False),
    Column("what", String, nullable=False),
    Column("old", Text),
    Column("new", Text),
    Column("reason", Text, nullable=False),
    Column("mac", LargeBinary(32), nullable=False),
)

# The end of each chain, sealed too: without it the newest rows could vanish unseen.
audit_heads = Table(
    "audit_heads",
    metadata,
    Column("station_id", String, primary_key=True),
    Column("seq", Integer, nullable=False),
    Column("mac", LargeBinary(32), nullable=False),
)

# What seals the parts of each commit, and the beginning and end of each run.
part_seals = Table(
    "part_seals",
    metadata,
    Column("station_id", String, primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("kind", String(5), nullable=False),
    Column("run", Integer, ForeignKey("runs.id"), nullable=False),
    Column("parts", Integer, nullable=False),
    Column("mac", LargeBinary(32), nullable=False),
    # the last row alone bears the chain's head: a table of its own would cost every
    # commit one more page
    Column("head", LargeBinary(32)),
    CheckConstraint("kind IN ('begin', 'parts', 'end')", name="ck_part_seals_kind"),
    sqlite_with_rowid=False,
)

# Who may change things here. ``secret`` is a salted hash; ``mac`` seals name, role and
# secret. ``failures`` in a row and ``retry_at`` slow down whoever tries PINs.
users = Table(
    "users",
    metadata,
    Column("name", String, primary_key=True),
    Column("role", String(13), nullable=False),
    Column("secret", Text, nullable=False),
    Column("mac", LargeBinary(32), nullable=False),
    Column("failures", Integer, nullable=False),
    Column("retry_at", UtcTime),
)

# What is true of the file itself: "record_id" names it, wherever it is moved to.
record_facts = Table(
    "record_facts",
    metadata,
    Column("name", String, primary_key=True),
    Column("value", String, nullable=False),
)
