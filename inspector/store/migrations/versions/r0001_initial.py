"""The first schema. Written out, and never edited again: later ones build on it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    _runs()
    _parts()
    _frames()
    _side_tables()
    _audit()


def downgrade() -> None:
    tables = "audit_heads audit images events frames parts setups runs"
    for name in tables.split():
        op.drop_table(name)


def _runs() -> None:
    op.create_table(
        "runs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.String(26), nullable=False),
        sa.Column("station_id", sa.String(), nullable=False),
        sa.Column("source_id", sa.String(), nullable=False),
        sa.Column("source_uri", sa.String(), nullable=False),
        sa.Column("model_id", sa.String(), nullable=False),
        sa.Column("recipe_id", sa.String(), nullable=False),
        sa.Column("recipe", sa.JSON(), nullable=False),
        sa.Column("provider", sa.String(), nullable=False),
        sa.Column("variant", sa.String(), nullable=False),
        sa.Column("program_version", sa.String(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("finished_at", sa.BigInteger()),
        sa.Column("state", sa.String()),
        sa.Column("stop_reason", sa.String()),
        sa.Column("error", sa.Text()),
        sa.Column("counters", sa.JSON()),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("run_id"),
    )
    op.create_index("ix_runs_started_at", "runs", ["started_at"])
    op.create_table(
        "setups",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("model_id", sa.String(), nullable=False),
        sa.Column("recipe_id", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("model_id", "recipe_id", name="uq_setups"),
    )


def _parts() -> None:
    op.create_table(
        "parts",
        sa.Column("part_id", sa.String(26), nullable=False),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column("setup", sa.Integer(), nullable=False),
        sa.Column("part_index", sa.Integer(), nullable=False),
        sa.Column("verdict", sa.String(8), nullable=False),
        sa.Column("score", sa.Float()),
        sa.Column("reason", sa.Text()),
        sa.Column("first_frame", sa.Integer(), nullable=False),
        sa.Column("last_frame", sa.Integer(), nullable=False),
        sa.Column("frames_settled", sa.Integer(), nullable=False),
        sa.Column("frames_inspected", sa.Integer(), nullable=False),
        sa.Column("key_frame", sa.Integer()),
        sa.Column("defects", sa.JSON()),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("finished_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("part_id"),
        sa.UniqueConstraint("run", "part_index", name="uq_parts"),
        sa.CheckConstraint(
            "verdict IN ('PASS', 'REVIEW', 'INVALID', 'FAIL')", name="ck_parts_verdict"
        ),
        sa.ForeignKeyConstraint(["run"], ["runs.id"]),
        sa.ForeignKeyConstraint(["setup"], ["setups.id"]),
    )
    op.create_index("ix_parts_time", "parts", ["finished_at", "verdict"])
    op.create_index("ix_parts_verdict", "parts", ["verdict", "finished_at"])


def _frames() -> None:
    stages = ("read", "presence", "queue", "prepare", "network", "judge", "age")
    op.create_table(
        "frames",
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column("frame_index", sa.Integer(), nullable=False),
        sa.Column("region", sa.String(), nullable=False),
        sa.Column("setup", sa.Integer(), nullable=False),
        sa.Column("verdict", sa.String(8), nullable=False),
        sa.Column("score", sa.Float()),
        sa.Column("part_index", sa.Integer()),
        sa.Column("settled", sa.Boolean(), nullable=False),
        sa.Column("captured_at", sa.BigInteger(), nullable=False),
        sa.Column("defects", sa.JSON()),
        sa.Column("reason", sa.Text()),
        *(sa.Column(f"{stage}_us", sa.Integer(), nullable=False) for stage in stages),
        sa.PrimaryKeyConstraint("run", "frame_index", "region"),
        sa.CheckConstraint(
            "verdict IN ('PASS', 'REVIEW', 'INVALID', 'FAIL', 'NO_PART')",
            name="ck_frames_verdict",
        ),
        sa.ForeignKeyConstraint(["run"], ["runs.id"]),
        sa.ForeignKeyConstraint(["setup"], ["setups.id"]),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_frames_time", "frames", ["captured_at", "verdict"])


def _side_tables() -> None:
    op.create_table(
        "events",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.ForeignKeyConstraint(["run"], ["runs.id"]),
    )
    op.create_index("ix_events_time", "events", ["run", "at"])
    op.create_table(
        "images",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("part_id", sa.String(26), nullable=False),
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_images_part", "images", ["part_id"])


def _audit() -> None:
    op.create_table(
        "audit",
        sa.Column("station_id", sa.String(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("who", sa.String(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("old", sa.Text()),
        sa.Column("new", sa.Text()),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("mac", sa.LargeBinary(32), nullable=False),
        sa.PrimaryKeyConstraint("station_id", "seq"),
    )
    op.create_table(
        "audit_heads",
        sa.Column("station_id", sa.String(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("mac", sa.LargeBinary(32), nullable=False),
        sa.PrimaryKeyConstraint("station_id"),
    )
