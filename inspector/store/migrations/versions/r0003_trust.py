"""Seals over runs and parts; who may change things; a name for the record itself."""

from __future__ import annotations

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("parts", sa.Column("seal", sa.Integer()))
    _seals()
    _people()
    facts = op.create_table(
        "record_facts",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.bulk_insert(facts, [{"name": "record_id", "value": secrets.token_hex(16)}])


def downgrade() -> None:
    for name in ("record_facts", "users", "part_seals"):
        op.drop_table(name)
    op.drop_column("parts", "seal")


def _seals() -> None:
    op.create_table(
        "part_seals",
        sa.Column("station_id", sa.String(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(5), nullable=False),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column("parts", sa.Integer(), nullable=False),
        sa.Column("mac", sa.LargeBinary(32), nullable=False),
        sa.Column("head", sa.LargeBinary(32)),
        sa.PrimaryKeyConstraint("station_id", "seq"),
        sa.CheckConstraint("kind IN ('begin', 'parts', 'end')", name="ck_part_seals_kind"),
        sa.ForeignKeyConstraint(["run"], ["runs.id"]),
        sqlite_with_rowid=False,
    )


def _people() -> None:
    op.create_table(
        "users",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("role", sa.String(13), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("mac", sa.LargeBinary(32), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("retry_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("name"),
    )
