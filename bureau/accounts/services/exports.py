"""Lists that leave the house as files: who took which, and how many rows."""

from datetime import datetime

from bureau.core import audit
from bureau.core.models import User

EXPORTED = "exported"


def note_export(*, actor: User, name: str, form: str, rows: int, now: datetime) -> None:
    """Leaves an entry at the actor's organization. `name`: of the list; `form`: csv or xlsx."""
    new = {"list": name, "form": form, "rows": rows}
    audit.record(actor.organization, EXPORTED, actor=actor, now=now, new=new, organization=actor.organization)
