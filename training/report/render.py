"""Pages to HTML: one file each, nothing fetched from anywhere, every text escaped."""

from __future__ import annotations

from jinja2 import Environment, PackageLoader, StrictUndefined

from training.report.page import Page, data_uri


def render(page: Page) -> bytes:
    """The whole file; the same page gives the same bytes."""
    return _environment().get_template("page.html.j2").render(page=page).encode()


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("training.report"),
        # names of files, types and categories are whatever somebody typed
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["jpeg"] = lambda data: data_uri(data, "image/jpeg")
    return environment
