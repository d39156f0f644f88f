from pathlib import Path

from inspector_app.typed_path import typed_path, why_not


def test_a_home_is_put_in_and_one_that_is_nobodys_stays_as_it_is() -> None:
    assert typed_path("~/x") == Path.home() / "x"
    assert typed_path("~nobody-of-that-name/x") == Path("~nobody-of-that-name/x")
    assert typed_path("a/~") == Path("a/~")


def test_what_the_system_does_not_take_as_a_path_is_a_sentence() -> None:
    long = Path("x" * 5_000)
    assert why_not(lambda: "" if long.exists() else "none") == (
        "This path cannot be used (File name too long): type another one."
    )
    assert why_not(lambda: "no") == "no"
