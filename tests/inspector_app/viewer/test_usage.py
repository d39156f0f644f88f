from pathlib import Path

from inspector_app.capture.reader import CaptureReader
from inspector_app.capture.usage import Calls
from inspector_app.viewer.usage import Usages
from tests.inspector_app.recordings import Recording


def test_operations_are_asked_about_once_they_were_looked_at(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect().calls(2).commit()
    reader = CaptureReader(recording.path)
    usages = Usages()
    assert usages.of(Calls("get_quote")) is None
    assert usages.refresh(reader)
    known = usages.of(Calls("get_quote"))
    assert known is not None
    assert known.last_seq == 4
    assert not usages.refresh(reader)
    recording.request(2).commit()
    assert usages.of(Calls("get_quote")) == known
    assert usages.refresh(reader)
    now = usages.of(Calls("get_quote"))
    assert now is not None
    assert now.last_seq == 5
    usages.forget()
    assert usages.of(Calls("get_quote")) is None
    reader.close()
    recording.close()


def test_only_a_few_are_asked_about_at_a_time(tmp_path: Path) -> None:
    recording = Recording(tmp_path).connect()
    for number in range(12):
        recording.request(number, operation=f"op{number}")
    reader = CaptureReader(recording.close())
    usages = Usages()
    names = [f"op{number}" for number in range(12)]
    for name in names:
        usages.of(Calls(name))
    known = []
    for _ in range(3):
        usages.refresh(reader)
        known.append(sum(usages._known.get(Calls(name)) is not None for name in names))
    assert known == [5, 10, 12]
    reader.close()
