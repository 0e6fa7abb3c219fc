"""The answer to "may this person do it?": allowed, or denied with a reason that can be shown."""

from dataclasses import dataclass

from bureau.kit.errors import Forbidden


@dataclass(frozen=True, slots=True)
class Decision:
    allowed: bool
    reason: str = ""

    def __bool__(self) -> bool:
        return self.allowed

    def enforce(self) -> None:
        """Raises Forbidden with the reason."""
        if not self.allowed:
            raise Forbidden(self.reason)


ALLOWED = Decision(True)


def denied(reason: str) -> Decision:
    return Decision(False, str(reason))
