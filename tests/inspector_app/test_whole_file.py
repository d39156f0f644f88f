from pathlib import Path

import pytest

from inspector_app.whole_file import replace_file, whole_file


def test_a_file_is_replaced_for_the_user_alone_unless_told_otherwise(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    replace_file(path, b"one")
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"one", 0o600)
    replace_file(path, b"two", mode=0o640)
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"two", 0o640)
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_goes_on_leading_to_its_file(tmp_path: Path) -> None:
    path, link = tmp_path / "a.toml", tmp_path / "link.toml"
    path.write_bytes(b"one")
    link.symlink_to(path)
    replace_file(link, b"two")
    assert link.is_symlink()
    assert path.read_bytes() == b"two"


def test_what_cannot_be_replaced_is_left_and_nothing_beside_it(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    with pytest.raises(OSError, match="folder"):
        replace_file(folder, b"one")
    assert list(tmp_path.iterdir()) == [folder]


def test_nothing_is_left_of_what_was_not_written_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"one")
    for is_new in (False, True):
        with pytest.raises(ZeroDivisionError), whole_file(path, is_new=is_new) as file:
            file.write(b"tw" * (1 // 0))
    assert path.read_bytes() == b"one"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("has_links", [True, False])
def test_a_new_file_takes_the_place_of_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, has_links: bool
) -> None:
    def refuse(_: Path, __: Path) -> None:
        raise PermissionError("no links here")

    if not has_links:
        monkeypatch.setattr(Path, "hardlink_to", refuse)
    path = tmp_path / "a"
    with whole_file(path, is_new=True) as file:
        file.write(b"one")
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"one", 0o600)
    with pytest.raises(FileExistsError), whole_file(path, is_new=True) as file:
        file.write(b"two")
    assert path.read_bytes() == b"one"
    assert list(tmp_path.iterdir()) == [path]


def test_a_device_is_written_to_as_it_is() -> None:
    with whole_file(Path("/dev/null")) as file:
        file.write(b"one")
    assert Path("/dev/null").is_char_device()


def test_links_that_lead_to_each_other_are_an_error_of_the_system(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.symlink_to(two)
    two.symlink_to(one)
    with pytest.raises(OSError, match="one"):
        replace_file(one, b"x")
