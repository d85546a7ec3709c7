"""Indexes that page and count a long history; what people say of parts; job and pictures."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_ASKED_FOR = ["finished_at", "part_id", "verdict", "run", "setup", "score"]


def upgrade() -> None:
    for name, kind in _run_columns():
        op.add_column("runs", sa.Column(name, kind))
    op.create_index("ix_runs_job", "runs", ["job"])
    op.add_column("parts", sa.Column("defect_type", sa.String()))
    op.add_column("parts", sa.Column("latency_us", sa.Integer()))
    op.drop_index("ix_parts_time", "parts")
    op.drop_index("ix_parts_verdict", "parts")
    op.create_index("ix_parts_history", "parts", [*_ASKED_FOR, "latency_us"])
    rejects = sa.text("verdict <> 'PASS'")
    op.create_index(
        "ix_parts_rejects",
        "parts",
        [*_ASKED_FOR, "reason", "defect_type"],
        sqlite_where=rejects,
        postgresql_where=rejects,
    )
    _labels()


def downgrade() -> None:
    op.drop_table("part_labels")
    op.drop_index("ix_parts_rejects", "parts")
    op.drop_index("ix_parts_history", "parts")
    op.create_index("ix_parts_verdict", "parts", ["verdict", "finished_at"])
    op.create_index("ix_parts_time", "parts", ["finished_at", "verdict"])
    op.drop_column("parts", "latency_us")
    op.drop_column("parts", "defect_type")
    op.drop_index("ix_runs_job", "runs")
    for name, _ in reversed(_run_columns()):
        op.drop_column("runs", name)


def _run_columns() -> list[tuple[str, sa.types.TypeEngine[str] | sa.types.TypeEngine[int]]]:
    return [
        ("job", sa.String()),
        ("archive", sa.String()),
        ("image_width", sa.Integer()),
        ("image_height", sa.Integer()),
    ]


def _labels() -> None:
    op.create_table(
        "part_labels",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("part_id", sa.String(26), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("who", sa.String(), nullable=False),
        sa.Column("judgement", sa.String(9), nullable=False),
        sa.Column("defect_type", sa.String()),
        sa.Column("why", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.CheckConstraint("judgement IN ('GOOD', 'BAD', 'WITHDRAWN')", name="ck_part_labels"),
        sa.ForeignKeyConstraint(["part_id"], ["parts.part_id"]),
    )
    op.create_index("ix_part_labels_part", "part_labels", ["part_id", "id"])
