import pytest

from inspector_app.messages.collection import Message
from inspector_app.messages.secrets import secrets_in, warning_for, warning_for_variables

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abcdefghijklmnop"


@pytest.mark.parametrize(
    ("value", "paths"),
    [
        ({"password": "hunter2"}, ["password"]),
        ({"a": {"b": [{"api_key": "xyz123"}]}}, ["a.b[0].api_key"]),
        ({"note": f"use {JWT}"}, ["note"]),
        ({"items": ["ghp_0123456789abcdefghij0123"]}, ["items[0]"]),
        ({"password": "${env:PASSWORD}", "token": "Bearer ${token}"}, []),
        ({"password": "", "user": "ada@example.com", "id": 7, "symbol": "BEAN"}, []),
    ],
)
def test_what_looks_like_a_secret_is_found(value: object, paths: list[str]) -> None:
    assert secrets_in(value) == paths


def test_a_message_with_a_secret_is_warned_of() -> None:
    message = Message(
        name="x", operation="login", kind="bidirectional", data='{"password": "hunter2"}', items=(f'"{JWT}"',)
    )
    assert warning_for(message) == (
        "data.password, items[0] look like a secret: write ${env:NAME} and keep the value in the environment."
    )
    assert warning_for(message.model_copy(update={"data": "{}", "items": ()})) == ""


def test_so_are_variables() -> None:
    assert warning_for_variables({"token": "abcdef123", "host": "localhost"}).startswith("token looks like")
