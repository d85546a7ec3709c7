"""Importing packages nobody vouches for: all of it, or nothing."""

from __future__ import annotations

import stat
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from inspector.errors import InputError, PackageError
from inspector.inference.gallery import gallery, verify_package
from inspector.inference.importing import import_package
from inspector.inference.package_source import MAX_MEMBERS
from tests.support.tiny_model import write_tiny_package


@pytest.fixture
def package(tmp_path: Path) -> Path:
    folder = write_tiny_package(tmp_path / "download", category="nut", version="2")
    (folder / "card.md").write_text("# nut@2\n", encoding="utf-8")
    return folder


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "models"


def zipped(folder: Path, path: Path, *, top: str = "") -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.iterdir()):
            archive.write(file, top + file.name)
    return path


@pytest.mark.parametrize("top", [None, "", "nut-2/", "a/b/"])
def test_a_sound_package_is_moved_in_whole(package: Path, root: Path, tmp_path: Path, top):
    (package / "notes.txt").write_text("not vouched for")
    source = package if top is None else zipped(package, tmp_path / "nut.zip", top=top)
    steps: list[str] = []
    done = import_package(source, root, on_step=steps.append)
    assert done.path == root / "nut" / "2"
    assert done.verification.passed
    assert done.left_out == ("notes.txt",)
    names = {p.name for p in done.path.iterdir()}
    assert names == {"manifest.json", "card.md", "model-fp32.onnx", "golden-fp32.npz"}
    (entry,) = gallery(root)
    assert (entry.title, entry.card, entry.problem) == ("nut@2", "# nut@2\n", None)
    assert entry.holds(entry.variants["fp32"])
    assert steps[0] == "reading the manifest"
    assert steps[-1] == "moving it in"
    assert [p.name for p in root.iterdir()] == ["nut"]


def test_a_version_that_is_there_is_never_replaced(package: Path, root: Path):
    import_package(package, root)
    before = (root / "nut" / "2" / "manifest.json").stat()
    with pytest.raises(PackageError, match="there already"):
        import_package(package, root)
    assert (root / "nut" / "2" / "manifest.json").stat() == before


def test_giving_up_at_any_step_leaves_nothing(package: Path, root: Path):
    seen: list[str] = []
    import_package(package, root / "all", on_step=seen.append)
    for count in range(1, len(seen) + 1):
        left = iter(range(count))

        def stop(what: str, left=left, count=count) -> None:
            if next(left) == count - 1:
                raise InterruptedError

        folder = root / str(count)
        # InterruptedError is an OSError: it must not be taken for a full disk
        with pytest.raises((InterruptedError, PackageError)):
            import_package(package, folder, on_step=stop)
        assert not folder.exists() or list(folder.iterdir()) == []


def rewritten(source: Path, path: Path, change: Callable[[zipfile.ZipFile], None]) -> Path:
    zipped(source, path)
    with zipfile.ZipFile(path, "a") as archive:
        change(archive)
    return path


def _add(name: str, data: bytes = b"x") -> Callable[[zipfile.ZipFile], None]:
    return lambda archive: archive.writestr(name, data)


def _link(archive: zipfile.ZipFile) -> None:
    member = zipfile.ZipInfo("model.onnx")
    member.external_attr = (stat.S_IFLNK | 0o777) << 16
    archive.writestr(member, "/etc/passwd")


def _bomb(archive: zipfile.ZipFile) -> None:
    archive.writestr("zeros.bin", bytes(64 << 20), zipfile.ZIP_DEFLATED)


def _many(archive: zipfile.ZipFile) -> None:
    for n in range(MAX_MEMBERS + 1):
        archive.writestr(f"f{n}", b"")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_add("../evil"), "leads out"),
        (_add("/abs"), "leads out"),
        (_add("a/../../b"), "leads out"),
        (_add("C:evil"), "leads out"),
        (_add("..\\evil"), "leads out"),
        (_link, "is a link"),
        (_bomb, "200 times"),
        (_many, "at most 256"),
        (_add("other/manifest.json"), "2 files manifest.json"),
        (lambda a: a.writestr(zipfile.ZipInfo("b"), b"x", zipfile.ZIP_LZMA), "unusual way"),
    ],
)
def test_archives_that_mean_harm_are_refused(package, root, tmp_path, change, message):
    source = rewritten(package, tmp_path / "bad.zip", change)
    with pytest.raises(PackageError, match=message):
        import_package(source, root)
    assert not root.exists()


LONG = "n" * 30_000


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_add(f"../{LONG}"), "leads out"),
        (lambda a: a.writestr(LONG, bytes(64 << 20), zipfile.ZIP_DEFLATED), "200 times"),
        (lambda a: a.writestr(zipfile.ZipInfo(LONG), b"x", zipfile.ZIP_LZMA), "unusual way"),
    ],
    ids=["out", "bomb", "lzma"],
)
def test_a_name_of_its_own_length_makes_no_refusal_that_nobody_can_read(
    package, root, tmp_path, change, message
):
    source = rewritten(package, tmp_path / "bad.zip", change)
    with pytest.raises(PackageError, match=message) as caught:
        import_package(source, root)
    assert len(str(caught.value)) < 600


def test_two_names_for_one_member_are_not_repeated_at_length(package, root, tmp_path):
    """zipfile says both, the one in front of the data with all its bytes."""
    source = tmp_path / "bad.zip"
    with zipfile.ZipFile(source, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in package.iterdir():
            archive.writestr(file.name, file.read_bytes())
    data = bytearray(source.read_bytes())
    place = data.index(b"PK\x03\x04")
    # the length of the first member's name
    data[place + 26 : place + 28] = (30_000).to_bytes(2, "little")
    source.write_bytes(bytes(data))
    with pytest.raises(PackageError) as caught:
        import_package(source, root)
    assert len(str(caught.value)) < 600


def test_a_member_that_expands_beyond_its_claim_is_refused(package, root, tmp_path):
    source = zipped(package, tmp_path / "lying.zip")
    data = bytearray(source.read_bytes())
    place = data.rindex(b"PK\x01\x02")
    # the uncompressed size in the last central header
    data[place + 24 : place + 28] = (7).to_bytes(4, "little")
    source.write_bytes(bytes(data))
    with pytest.raises(PackageError):
        import_package(source, root)
    assert not list(root.rglob("*.onnx"))


def test_an_altered_model_is_refused_and_named_by_its_origin(package: Path, root: Path):
    model = package / "model-fp32.onnx"
    model.write_bytes(model.read_bytes()[:-1] + b"?")
    with pytest.raises(PackageError, match="wrong checksum") as caught:
        import_package(package, root)
    assert str(package) in str(caught.value)
    assert ".importing" not in str(caught.value)
    assert list(root.iterdir()) == []


@pytest.mark.parametrize("make", ["nothing", "text"])
def test_what_is_no_package_is_said_in_one_line(tmp_path: Path, root: Path, make: str):
    source = tmp_path / "thing"
    if make == "text":
        source.write_text("hello")
    with pytest.raises(PackageError) as caught:
        import_package(source, root)
    assert "\n" not in str(caught.value)


def test_a_linked_model_in_a_folder_is_refused(package: Path, root: Path, tmp_path: Path):
    real = tmp_path / "elsewhere.onnx"
    (package / "model-fp32.onnx").rename(real)
    (package / "model-fp32.onnx").symlink_to(real)
    with pytest.raises(PackageError, match="is a link"):
        import_package(package, root)


def test_the_gallery_lists_broken_packages_too(package: Path, root: Path):
    import_package(package, root)
    bad = root / "nut" / "3"
    bad.mkdir()
    (bad / "manifest.json").write_text("{}")
    sound, broken = gallery(root)
    assert sound.problem is None
    assert broken.title == "nut@3"
    assert broken.problem is not None
    with pytest.raises(InputError):
        gallery(root / "none")


def test_verification_tells_of_every_variant_or_what_is_wrong(tmp_path: Path):
    sound = write_tiny_package(tmp_path / "sound", variants=("fp32", "int8"))
    found = verify_package(sound)
    assert [c.variant for c in found.checks] == ["fp32", "int8"]
    assert all(c.difference <= c.allowed for c in found.checks)
    (sound / "golden-int8.npz").unlink()
    found = verify_package(sound)
    assert not found.passed
    assert [c.variant for c in found.checks] == ["fp32"]
