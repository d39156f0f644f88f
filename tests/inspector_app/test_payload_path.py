import pytest

from inspector_app.payload_path import follow, steps_of


def test_a_path_is_split_into_names_and_places() -> None:
    assert steps_of('data.items[0]."first name".a-b[-1]') == ["data", "items", 0, "first name", "a-b", -1]


@pytest.mark.parametrize("path", ["data..x", "data[x]", "data x", 'data."x', "data[0", "data[99999999999]"])
def test_what_is_no_path_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match=r"^data"):
        steps_of(path)


def test_a_path_is_followed() -> None:
    value = {"items": [{"id": 1}, {"id": 2}]}
    assert follow(value, ["items", -1, "id"]) == 2
    assert follow(value, []) is value
    missing: list[list[str | int]] = [["nope"], ["items", 2], ["items", "id"], ["items", 0, "id", "x"], [0]]
    for steps in missing:
        with pytest.raises(LookupError):
            follow(value, steps)
