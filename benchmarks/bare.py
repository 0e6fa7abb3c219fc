"""The floor: the answers of the product's operations from a plain WSGI application with psycopg and orjson.

It runs in processes of its own behind the product's front, checks the same access token, counts exactly, and leaves
what the product leaves in the database. It has no permissions, no validation, no limits and no idempotency: those, and
code that people can read and change, are what the product's ratio pays for.
"""

import gc
import hashlib
import hmac
import os
import socket
import sys
import uuid

import jwt
import orjson

from benchmarks import bare_cases as cases
from benchmarks import bare_customers as customers
from benchmarks import bare_invoices as invoices
from benchmarks import bare_orders as orders
from benchmarks import bare_requests as requests
from benchmarks import statements as sql
from benchmarks.floor import cursor
from config.front import Front
from config.server import serve

OPTIONS = orjson.OPT_UTC_Z | orjson.OPT_OMIT_MICROSECONDS
STATUSES = {"200": "200 OK", "201": "201 Created", "401": "401 Unauthorized", "404": "404 Not Found"}

# As django.utils.crypto.salted_hmac makes the key of access tokens from SECRET_KEY.
salt = b"bureau.accounts.tokens.access" + os.environ.get("SECRET_KEY", "").encode()
token_key = hmac.digest(hashlib.sha256(salt).digest(), b"jwt", "sha256")


def application(environ, start_response):
    status, body = answer(cursor(), environ)
    data = orjson.dumps(body, option=OPTIONS)
    start_response(STATUSES[status], [("Content-Type", "application/json"), ("Content-Length", str(len(data)))])
    return [data]


def answer(cursor, environ):
    try:
        claims = jwt.decode(environ.get("HTTP_AUTHORIZATION", "")[7:], token_key, algorithms=["HS256"])
    except jwt.PyJWTError:
        return "401", {}
    user = cursor.execute(sql.USER, (uuid.UUID(claims["fam"]), int(claims["sub"]))).fetchone()
    if claims["typ"] != "access" or user is None:
        return "401", {}
    match environ["REQUEST_METHOD"], environ["PATH_INFO"].strip("/").split("/")[1:]:
        case "GET", ["prs", "requests"]:
            return "200", requests.listed(cursor, user, environ)
        case "POST", ["prs", "requests"]:
            return "201", requests.created(cursor, user, environ)
        case "GET", ["prs", "requests", "inbox"]:
            return "200", requests.inbox(cursor, user, environ)
        case "GET", ["prs", "requests", request]:
            return "200", requests.detail(cursor, user, uuid.UUID(request))
        case "POST", ["prs", "requests", request, "approve"]:
            return "200", requests.approved(cursor, user, uuid.UUID(request), environ)
        case "GET", ["v1", "purchase-orders"]:
            return "200", orders.listed(cursor, user, environ)
        case "POST", ["v1", "purchase-orders"]:
            return "201", orders.created(cursor, user, environ)
        case "GET", ["v1", "purchase-orders", order]:
            return "200", orders.detail(cursor, user, int(order))
        case "PATCH", ["v1", "purchase-orders", order, "approve"]:
            return "200", orders.approved(cursor, user, int(order), environ)
        case "GET", ["customers"]:
            return "200", customers.listed(cursor, user, environ)
        case "GET", ["customer-applications"]:
            return "200", cases.listed(cursor, user, environ)
        case "POST", ["customer-applications", "quick-create"]:
            return "201", cases.created(cursor, user, environ)
        case "GET", ["customer-applications", case]:
            return "200", cases.detail(cursor, user, int(case))
        case "GET", ["invoices"]:
            return "200", invoices.listed(cursor, user, environ)
        case "POST", ["invoices"]:
            return "201", invoices.created(cursor, user, environ)
        case "GET", ["invoices", invoice]:
            return "200", invoices.detail(cursor, user, int(invoice))
        case "GET", ["payments"]:
            return "200", invoices.payments(cursor, user, environ)
    return "404", {}


if __name__ == "__main__":
    # Bad requests never come here, so a refusal of the front needs no words.
    front = Front(
        application,
        error_body=lambda *_: (b"{}", "application/json"),
        redis_url=os.environ["CACHE_URL"],
        max_body_bytes=1_000_000,
    )
    gc.collect()
    gc.freeze()
    serve(front, socket.socket(fileno=int(sys.argv[1])))
