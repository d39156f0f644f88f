from pathlib import Path

import pytest

from inspector_app.intents import ClientSpec
from inspector_app.messages.command import RunAsked, run_collection
from inspector_app.sources.failures import SourceError


@pytest.mark.parametrize("url", ["ws://127.0.0.1:1/?q=${env:KEY}", "ws://h/#${env:KEY}", "${env:KEY}"])
def test_no_secret_in_an_address_is_told_when_it_fails(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KEY", "s3cret-value")
    collection = tmp_path / "it.toml"
    collection.write_text(f'url = "{url}"\n[[message]]\nname = "one"\noperation = "do"\n')
    try:
        code = run_collection(RunAsked(collection=collection, spec=ClientSpec(url=""), variables={}))
        told = capsys.readouterr().err
    except SourceError as failure:
        code, told = failure.exit_code, failure.text
    assert code
    assert "s3cret" not in told
    assert "${env:KEY}" in told
