"""Django's PostgreSQL backend, with a cheaper look at a kept connection before each request."""

import select
from typing import Any

from django.db.backends.postgresql import base


class DatabaseWrapper(base.DatabaseWrapper):
    def is_usable(self) -> Any:
        """A server that went away has closed the socket, which then has something to read: only then is it asked.

        Django asks the server at the beginning of every request, which is one query more.
        """
        poll = select.poll()
        poll.register(self.connection.fileno(), select.POLLIN | select.POLLHUP | select.POLLERR)
        return super().is_usable() if poll.poll(0) else True
