"""The bare handler's answers about purchase requests."""

import uuid
from datetime import UTC, datetime
from decimal import Decimal

from benchmarks import statements as sql
from benchmarks.floor import audit, enqueue, given_in, local, next_number, page_of

PAGE = 25
COLUMNS = {"NUMBER": 5, "DATE": 6, "BOOLEAN": 7}
KEYS = {"NUMBER": "value_number", "DATE": "value_date", "BOOLEAN": "value_boolean", "FILE": "value_file"}


def status_of(code):
    return {"code": code, "name": code.replace("_", " ").title()}


def row_of(r):
    return {
        "id": r[0],
        "requestor": {"id": r[1], "username": r[2]},
        "team": {"id": r[3], "name": r[4]},
        "status": status_of(r[5]),
        "subject": r[6],
        "vendor_name": r[7],
        "created_at": r[8],
    }


def listed(cursor, user, environ):
    total = cursor.execute(sql.COUNT, (user[1],)).fetchone()[0]
    return page_of(
        environ, total, PAGE, lambda start: [row_of(row) for row in cursor.execute(sql.ROWS, (user[1], PAGE, start))]
    )


def inbox(cursor, user, environ):
    who = {"user": user[0], "organization": user[1]}
    total = cursor.execute(sql.INBOX_COUNT, who).fetchone()[0]

    def rows_at(start):
        rows = cursor.execute(sql.INBOX_ROWS, {**who, "size": PAGE, "start": start})
        return [{**row_of(row), "current_template_step": step_of(*row[9:])} for row in rows]

    return page_of(environ, total, PAGE, rows_at)


def step_of(step, name, order):
    return None if step is None else {"id": step, "step_name": name, "step_order": order}


def template_of(template, name, version):
    return None if template is None else {"id": template, "name": name, "version_number": version}


def item_of(description, quantity, price, total):
    whole = quantity == quantity.to_integral_value()
    return {
        "description": description,
        "quantity": int(quantity) if whole else float(quantity),
        "unit_price": str(price),
        "total": str(total),
    }


def value_of(r):
    kind = r[3]
    value = r[COLUMNS.get(kind, 4)]
    if kind == "FILE":
        value = r[8] and {"id": r[8], "filename": r[9]}
    elif kind == "NUMBER" and value is not None:
        value = f"{value:.2f}" if value == value.quantize(Decimal("0.01")) else f"{value:f}"
    return {
        "field": {"id": r[0], "field_id": r[1], "name": r[2], "field_type": kind},
        KEYS.get(kind, "value_text"): value,
    }


def detail(cursor, user, request):
    r = cursor.execute(sql.DETAIL, (request, user[1])).fetchone()
    items = [item_of(*row) for row in cursor.execute(sql.ITEMS, r[:1])]
    values = [value_of(row) for row in cursor.execute(sql.VALUES, r[:1])]
    attachments = [
        {
            "id": row[0],
            "filename": row[1],
            "file_size": row[2],
            "file_type": row[3],
            "category": row[4],
            "upload_date": row[5],
        }
        for row in cursor.execute(sql.ATTACHMENTS, r[:1])
    ]
    decisions = [
        {
            "id": row[0],
            "template_step": {"step_name": row[1], "step_order": row[2]},
            "approver": {"username": row[3]},
            "action": row[4],
            "comment": row[5],
            "timestamp": row[6],
        }
        for row in cursor.execute(sql.DECISIONS, r[:1])
    ]
    return detail_of(r, items, values, attachments, decisions)


def detail_of(r, items, values, attachments, decisions):
    return {
        "id": r[1],
        "number": r[2],
        "requestor": {"id": r[3], "username": r[4], "first_name": r[5], "last_name": r[6]},
        "team": {"id": r[7], "name": r[8]},
        "form_template": template_of(*r[9:12]),
        "workflow_template": template_of(*r[12:15]),
        "status": status_of(r[18]),
        "current_template_step": step_of(*r[15:18]),
        "vendor_name": r[19],
        "vendor_account": r[20],
        "subject": r[21],
        "description": r[22],
        "purchase_type": {"code": r[23], "name": r[23].title()},
        "amount": None if r[24] is None else str(r[24]),
        "items": items,
        "field_values": values,
        "attachments": attachments,
        "approval_history": decisions,
        "rejection_comment": r[25],
        "submitted_at": r[26],
        "completed_at": r[27],
        "created_at": r[28],
        "updated_at": r[29],
    }


def created(cursor, user, environ):
    given = given_in(environ)
    now, request = datetime.now(UTC), uuid.uuid4()
    with local.connection.transaction():
        team = cursor.execute(sql.TEAM, (user[0], uuid.UUID(given["team"]), user[1])).fetchone()
        fields = cursor.execute(sql.FORM_FIELDS, (team[2],)).fetchall()
        values, plain, amount = [], {}, None
        for field in fields:
            value = given["field_values"].get(field[2])
            if value is None:
                continue
            number = Decimal(value) if field[4] == "NUMBER" else None
            day = datetime.fromisoformat(value).date() if field[4] == "DATE" else None
            truth = value if field[4] == "BOOLEAN" else None
            text = value if number is None and day is None and truth is None else None
            values.append((field[0], text, number, day, truth))
            plain[field[2]] = value if number is None else f"{number.normalize():f}"
            amount = number.quantize(Decimal("0.01")) if field[5] else amount
        sequence = f"{user[1]}:request:{now.year}"
        number = f"{team[6]}-{now.year}-{next_number(cursor, sequence):05}"
        subject, kind = given["subject"], given["purchase_type"]
        description, vendor, account = (given[name] for name in ("description", "vendor_name", "vendor_account"))
        pk = cursor.execute(
            sql.NEW_REQUEST,
            (request, user[1], number, user[0], team[0], team[2], subject, description, vendor, account, kind,
             amount, now, now),
        ).fetchone()[0]  # fmt: skip
        cursor.execute(sql.NEW_VALUES, (pk, *map(list, zip(*values, strict=True))))
        audited = {
            "number": number,
            "status": "DRAFT",
            "team": team[0],
            "subject": subject,
            "description": description,
            "vendor_name": vendor,
            "vendor_account": account,
            "purchase_type": kind,
            "amount": None if amount is None else str(amount),
            "field_values": plain,
            "items": [],
        }
        audit(cursor, user, environ, ("purchase_request", pk), "created", None, audited, now)
    shown = {value[0]: value for value in values}
    r = (
        pk, request, number, *team[7:11], uuid.UUID(given["team"]), team[1], *team[3:6], None, None, None, None, None,
        None, "DRAFT", vendor, account, subject, description, kind, amount, "", None, None, now, now,
    )  # fmt: skip
    rows = [value_of((*field[1:5], *shown[field[0]][1:], None, None)) for field in fields if field[0] in shown]
    return detail_of(r, [], rows, [], [])


def approved(cursor, user, request, environ):
    comment = given_in(environ).get("comment", "")
    now = datetime.now(UTC)
    with local.connection.transaction():
        r = cursor.execute(sql.LOCKED, (request, user[1])).fetchone()
        pk, old, team, step = r[:4]
        slots = cursor.execute(sql.SLOTS, {"user": user[0], "request": pk, "step": step}).fetchall()
        approval = slots[0][1]
        mine = [slot[0] for slot in slots if slot[2]]
        decision = cursor.execute(
            sql.NEW_DECISION, (uuid.uuid4(), approval, pk, step, user[0], comment, now)
        ).fetchone()[0]
        cursor.execute(sql.FILL, (decision, mine))
        status, current = "IN_REVIEW", step_of(*r[4:7])
        if len(mine) == len(slots):
            following = cursor.execute(sql.NEXT_STEP, (r[7], r[6])).fetchone()
            status = "FINANCE_REVIEW" if following[4] else status
            current = step_of(*following[1:4])
            cursor.execute(sql.MOVE, (status, following[0], now, pk))
            cursor.execute(sql.OPEN, (approval, pk, team, now, following[0]))
            told = {"about": "turn", "approval": approval, "step": following[0]}
            enqueue(cursor, user, "tell_about_request", told, now)
        else:
            cursor.execute(sql.MOVE, (status, step, now, pk))
        new = {"status": status, "step": r[5], "comment": comment}
        audit(cursor, user, environ, ("purchase_request", pk), "approved", {"status": old}, new, now)
    return {"id": request, "status": status_of(status), "current_template_step": current}
