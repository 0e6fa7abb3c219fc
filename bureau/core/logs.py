"""Logs: one JSON object a line with the request id; never bodies, tokens or personal data."""

import logging
import re

import orjson

from bureau.core.context import current

# Whoever reads the address of such a link could use it: Django logs the address of each answer from 400 on.
_SECRET_LINK = re.compile(r"(/(?:reset-password|c|s|calendar)/)[^\s\"']+")


class JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        entry = {
            "time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S"),
            "level": record.levelname,
            "logger": record.name,
            "message": _SECRET_LINK.sub(r"\1...", record.getMessage()),
            "request_id": current().request_id,
        }
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        return orjson.dumps(entry, default=str).decode()
