from pathlib import Path

import pytest

from inspector_app.mock.faults.rules import WHAT, FaultRule, read_faults
from inspector_app.toml_file import TomlError


def test_a_file_of_faults_is_read(tmp_path: Path) -> None:
    path = tmp_path / "faults.toml"
    path.write_text(
        'seed = 7\n\n[[fault]]\nname = "late third"\ndo = "delay"\noperation = "watch_*"\nitem = 3\n'
        'by = "250ms"\n'
        '\n[[fault]]\ndo = "close"\nkind = "stream"\nnth = [2]\non = false\n'
    )
    file = read_faults(path)
    late, close = file.fault
    assert (file.seed, late.title, late.by, late.frames) == (7, "late third", 0.25, "item")
    assert (close.title, close.on, close.code, close.frames) == ("close *", False, 1011, "any")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('do = "explode"', ":2: fault[0].do: input should be"),
        ('do = "delay"', ':1: fault[0]: a delay needs to know how long: add by = "200ms".'),
        ('do = "delay"\nby = "soon"', ":3: fault[0].by: this is no time"),
        ('do = "delay"\nby = 5', ":3: fault[0].by: this is no time"),
        ('do = "lose"\nitem = 3\nframe = "end"', ":1: fault[0]: item is about the items of a stream"),
        ('do = "close"\ncode = 1005', ":1: fault[0]: this is no code that a connection can be closed with"),
        ('do = "lose"\nevery = 2\nchance = 0.5', ":1: fault[0]: nth, every and chance each say which ones"),
        ('do = "lose"\nchance = 2', ":3: fault[0].chance: input should be less than or equal to 1."),
        (
            'do = "lose"\nopration = "x"',
            ":3: fault[0].opration: there is no such key: did you mean operation?",
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_place(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "faults.toml"
    path.write_text(f"[[fault]]\n{text}\n")
    with pytest.raises(TomlError) as caught:
        read_faults(path)
    assert said in str(caught.value)


def test_every_fault_is_told_of() -> None:
    assert set(WHAT) == set(FaultRule.model_fields["do"].annotation.__args__)  # type: ignore[union-attr]  # a Literal
