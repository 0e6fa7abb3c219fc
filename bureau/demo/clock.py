"""When things happened: moments in office hours, never after `now`, and what happened at each."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

HISTORY = timedelta(days=548)
SEED = 20_250_701

Act = Callable[[datetime], object]


@dataclass(frozen=True, slots=True)
class Event:
    at: datetime
    act: Act


def moments(start: datetime, chance: random.Random, *, now: datetime) -> Iterator[datetime]:
    """Moments from `start` on, in office hours, up to four days apart; none lies after `now`."""
    at = start
    while True:
        yield at
        then = office_hours(at + timedelta(days=chance.randint(0, 4)), chance)
        at = then if at < then < now else at + min(timedelta(minutes=50), (now - at) / 2)


def office_hours(at: datetime, chance: random.Random) -> datetime:
    return at.replace(hour=chance.randint(8, 16), minute=chance.randint(0, 59), second=0, microsecond=0)
