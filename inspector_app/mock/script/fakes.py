"""Made-up data: names, mails, numbers, dates. What comes out depends on the chance that is given, alone.

Some lists of words are all that it takes; mails end in `.example`, which nobody can own.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from inspector_app.mock.script.values import ExpressionError, is_number


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_FIRST = _words(
    "Ada Bo Carmen Dilip Esi Farid Greta Hana Ivo Jun Kaya Lars Mina Noor Olga Pavel Quinn Rosa Sven Tala "
    "Uma Viktor Wanda Xenia Yusuf Zoe"
)
_LAST = _words(
    "Abebe Berg Costa Dubois Eriksen Fischer Garcia Hansen Ito Jansen Kowalski Lopez Moreau Novak Okafor "
    "Petrov Quist Rossi Schmidt Tanaka Usman Varga Weber Xu Yilmaz Zeman"
)
_CITIES = _words("Accra Bergen Cusco Dakar Essen Fukuoka Ghent Hanoi Izmir Jaipur Kyoto Lima Malmo Oslo")
_COMPANIES = _words("Acorn Birch Cedar Delta Ember Fjord Grove Harbor Indigo Juniper")
_FORMS = _words("Ltd GmbH Inc SA Oy")
_NOUNS = _words(
    "amber brook cloud drift early field grain harbor island joint kettle lumen meadow north orbit paper "
    "quiet river stone timber under valley water yellow"
)
_EPOCH = datetime(2020, 1, 1, tzinfo=UTC)
_DAYS = 10 * 365


def _name(chance: Random) -> str:
    return f"{chance.choice(_FIRST)} {chance.choice(_LAST)}"


def _mail(chance: Random) -> str:
    first, last = chance.choice(_FIRST), chance.choice(_LAST)
    return f"{first}.{last}{chance.randrange(100)}@{chance.choice(_COMPANIES)}.example".lower()


def _date(chance: Random) -> str:
    return f"{_EPOCH + timedelta(days=chance.randrange(_DAYS)):%Y-%m-%d}"


def _time(chance: Random) -> str:
    return f"{_EPOCH + timedelta(seconds=chance.randrange(_DAYS * 86400)):%Y-%m-%dT%H:%M:%SZ}"


def _sentence(chance: Random) -> str:
    return " ".join(chance.choice(_NOUNS) for _ in range(chance.randint(4, 9))).capitalize() + "."


def _int(chance: Random, low: Any = 0, high: Any = 100) -> int:
    if not (isinstance(low, int) and isinstance(high, int) and low <= high):
        raise ExpressionError(
            "fake.int takes the smallest and the largest whole number, such as fake.int(1, 6)"
        )
    return chance.randint(low, high)


def _number(chance: Random, low: Any = 0, high: Any = 1, digits: Any = 2) -> float:
    if not (is_number(low) and is_number(high) and low <= high and digits in range(16)):
        raise ExpressionError("fake.number takes bounds, and digits, such as fake.number(0, 100, 2)")
    return float(round(chance.uniform(low, high), digits))


def _pick(chance: Random, items: Any) -> Any:
    if not (isinstance(items, list) and items):
        raise ExpressionError("fake.pick takes a list with something in it")
    return chance.choice(items)


FAKES: dict[str, Callable[..., Any]] = {
    "name": _name,
    "first_name": lambda chance: chance.choice(_FIRST),
    "last_name": lambda chance: chance.choice(_LAST),
    "mail": _mail,
    "city": lambda chance: chance.choice(_CITIES),
    "company": lambda chance: f"{chance.choice(_COMPANIES)} {chance.choice(_FORMS)}",
    "phone": lambda chance: f"+999 {chance.randrange(100, 1000)} {chance.randrange(10**5, 10**6)}",
    "word": lambda chance: chance.choice(_NOUNS),
    "sentence": _sentence,
    "uuid": lambda chance: str(uuid.UUID(int=chance.getrandbits(128), version=4)),
    "int": _int,
    "number": _number,
    "bool": lambda chance: chance.random() < 0.5,
    "date": _date,
    "time": _time,
    "pick": _pick,
}
"""What can be made up, by name. Each takes the chance, and what stands in parentheses."""
