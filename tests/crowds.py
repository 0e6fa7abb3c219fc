"""Many callers at once, each in a thread and database connection of its own."""

import threading
from collections import Counter
from collections.abc import Callable, Sequence

from django.db import IntegrityError, connection

from bureau.kit.errors import DomainError


def at_once(calls: Sequence[Callable[[], object]]) -> Counter[str]:
    """Runs every call in a thread and connection of its own, all let go together; counts what came of them."""
    gate = threading.Barrier(len(calls))
    outcomes: list[str] = []

    def run(call: Callable[[], object]) -> None:
        try:
            connection.ensure_connection()
            gate.wait(60)
            call()
            outcomes.append("done")
        except (DomainError, IntegrityError) as error:
            outcomes.append(type(error).__name__)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert len(outcomes) == len(calls)
    return Counter(outcomes)
