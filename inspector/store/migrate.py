"""Alembic, configured in code: no alembic.ini to ship or to find."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

_SCRIPTS = Path(__file__).parent / "migrations"


def configuration() -> Config:
    """For ``alembic.command``; the connection goes into ``attributes["connection"]``."""
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def known_revisions() -> frozenset[str]:
    """Every revision that this program can upgrade from."""
    scripts = ScriptDirectory.from_config(configuration())
    return frozenset(script.revision for script in scripts.walk_revisions())


def upgrade(connection: Connection) -> None:
    """To the newest revision, inside the transaction that ``connection`` is in."""
    config = configuration()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
