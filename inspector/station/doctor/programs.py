"""Python and its libraries: the versions that were tested, and no two that clash."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterator, Mapping
from importlib import metadata
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

import inspector
from inspector.station.doctor.findings import Finding, error, note, ok, warning

DISTRIBUTION = "inspector-station"
_CLASHES = (
    ("onnxruntime", "onnxruntime-gpu"),
    ("opencv-python", "opencv-python-headless"),
    ("opencv-python", "opencv-contrib-python"),
)


def installed_versions() -> dict[str, str]:
    """By canonical name."""
    found = ((d.metadata["Name"], d.version) for d in metadata.distributions())
    return {canonicalize_name(name): version for name, version in found if name}


def constraints_file() -> Path:
    """Beside the sources; an installed package has none."""
    return Path(inspector.__file__).parents[1] / "constraints.txt"


def check_versions(
    installed: Mapping[str, str],
    *,
    constraints: Path,
    requires: Callable[[], list[str] | None] = lambda: metadata.requires(DISTRIBUTION),
) -> Iterator[Finding]:
    """Against what the program asks for, and against the versions it was tested with."""
    yield ok("program", f"Inspector {inspector.__version__}, Python {platform.python_version()}")
    for one, other in _CLASHES:
        if one in installed and other in installed:
            yield error(
                "versions",
                f"{one} and {other} are both installed, and overwrite each other's files",
                f"pip uninstall {one} {other}, then install the program again",
            )
    try:
        asked = [Requirement(line) for line in requires() or []]
    except metadata.PackageNotFoundError:
        asked = []
    yield from _missing(asked, installed)
    yield from _untested(constraints, {canonicalize_name(r.name) for r in asked}, installed)


def _missing(asked: list[Requirement], installed: Mapping[str, str]) -> Iterator[Finding]:
    for requirement in asked:
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
            continue
        version = installed.get(canonicalize_name(requirement.name))
        if version is None:
            yield error(
                "versions", f"{requirement.name} is not installed", "install the program again"
            )
        elif not requirement.specifier.contains(version, prereleases=True):
            wanted = f"{requirement.name} {version} where {requirement.specifier} is needed"
            yield error(
                "versions", wanted, f"pip install '{requirement.name}{requirement.specifier}'"
            )


def _untested(
    constraints: Path, direct: set[str], installed: Mapping[str, str]
) -> Iterator[Finding]:
    if not constraints.is_file():
        yield note("versions", "no list of tested versions beside the program")
        return
    tested = dict(_pins(constraints.read_text(encoding="utf-8")))
    differing = sorted(
        f"{name} {installed[name]} (tested: {version})"
        for name, version in tested.items()
        # +cpu and the like name a build of the same version
        if name in installed and installed[name].partition("+")[0] != version
    )
    if not differing:
        yield ok("versions", f"all {len(tested)} as tested")
        return
    said = f"not as tested: {', '.join(differing[:8])}" + (" …" if len(differing) > 8 else "")
    todo = "pip install -c constraints.txt with the program again"
    is_direct = any(d.partition(" ")[0] in direct for d in differing)
    yield warning("versions", said, todo) if is_direct else note("versions", said, todo)


def _pins(text: str) -> Iterator[tuple[str, str]]:
    for line in text.splitlines():
        name, _, version = line.partition("==")
        try:
            yield canonicalize_name(Requirement(name).name), version.strip()
        except InvalidRequirement:
            continue
