"""What all answers of the bare handler stand on: its connection, numbers, jobs and the audit chain."""

import hashlib
import os
import threading
import uuid
from urllib.parse import parse_qs, urlencode

import orjson
import psycopg

from benchmarks import statements as sql

local = threading.local()
dsn = os.environ.get("BARE_DSN", "")


def cursor():
    """Of this thread's own connection."""
    if not hasattr(local, "connection"):
        local.connection = psycopg.connect(dsn, autocommit=True, prepare_threshold=0, options="-c timezone=UTC")
        local.cursor = local.connection.cursor(binary=True)
    return local.cursor


def asked(environ):
    """The query string's parameters, each once."""
    return {name: values[0] for name, values in parse_qs(environ["QUERY_STRING"]).items()}


def page_of(environ, total, size, rows_at):
    """A page of `size` rows, which `rows_at` gives from a start, with the addresses of its neighbours."""
    given = asked(environ)
    page = int(given.get("page", 1))

    def address(number):
        return f"http://{environ['HTTP_HOST']}{environ['PATH_INFO']}?{urlencode({**given, 'page': number})}"

    return {
        "count": total,
        "next": address(page + 1) if page * size < total else None,
        "previous": address(page - 1) if page > 1 else None,
        "results": rows_at((page - 1) * size),
    }


def given_in(environ):
    return orjson.loads(environ["wsgi.input"].read())


def next_number(cursor, sequence):
    return cursor.execute(sql.NUMBER, (sequence,)).fetchone()[0]


def enqueue(cursor, user, kind, payload, now, key=None):
    cursor.execute(sql.NEW_JOB, (uuid.uuid4(), user[1], kind, key, orjson.dumps(payload).decode(), now, now))


def audit(cursor, user, environ, record, action, old, new, now):
    """`record` is its kind and its id."""
    position, previous = cursor.execute(sql.HEAD, (user[1],)).fetchone()
    address, origin = environ["REMOTE_ADDR"], f"req_{uuid.uuid4()}"
    person = (user[1], user[0], record[0], str(record[1]), action)
    values = [previous, user[1], position + 1, *person, old, new, address, origin, now.timestamp()]
    link = hashlib.sha256(orjson.dumps(values, option=orjson.OPT_SORT_KEYS)).hexdigest()
    stored = (None if given is None else orjson.dumps(given).decode() for given in (old, new))
    cursor.execute(sql.NEW_ENTRY, (user[1], position + 1, *person, *stored, address, origin, now, previous, link))
    cursor.execute(sql.MOVE_HEAD, (position + 1, link, user[1]))
