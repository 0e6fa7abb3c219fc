"""The bare handler's answers about purchase orders."""

import uuid
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal

from benchmarks import statements as sql
from benchmarks.floor import asked, audit, enqueue, given_in, local, next_number

CENT, MILLI = Decimal("0.01"), Decimal("0.001")
FILTERS = "status", "project_id"
TEXTS = "vendor_name", "vendor_contact_name", "vendor_email", "vendor_phone", "vendor_address", "description"


def person_of(pk, first_name, last_name):
    return None if pk is None else {"id": pk, "name": f"{first_name} {last_name}".strip()}


def approver_of(pk, first_name, last_name, role):
    return {"id": pk, "name": f"{first_name} {last_name}".strip(), "role": role}


def row_of(r):
    return {
        "id": r[0],
        "po_number": r[1],
        "type": r[2],
        "status": r[3],
        "project_id": r[4],
        "cost_code": r[5],
        "vendor_name": r[6],
        "vendor_contact_name": r[7],
        "vendor_email": r[8],
        "vendor_phone": r[9],
        "subtotal": float(r[10]),
        "tax_amount": float(r[11]),
        "total_amount": float(r[12]),
        "line_items_count": r[13],
        "created_by": approver_of(*r[14:18]),
        "submitted_by": person_of(*r[18:21]),
        "submitted_at": r[21],
        "created_at": r[22],
        "updated_at": r[23],
    }


def listed(cursor, user, environ):
    given = asked(environ)
    names = [name for name in FILTERS if name in given]
    where = sql.orders_where(names)
    values = {"organization": user[1], **{name: given[name] for name in names}}
    total = cursor.execute(sql.ORDERS_COUNT.format(where=where), values).fetchone()[0]
    page, size = int(given.get("page", 1)), int(given.get("limit", 20))
    values |= {"size": size, "start": (page - 1) * size}
    pages = max(1, -(-total // size))
    return {
        "data": [row_of(row) for row in cursor.execute(sql.ORDERS_ROWS.format(where=where), values)],
        "pagination": {
            "page": page,
            "limit": size,
            "total": total,
            "pages": pages,
            "has_next": page < pages,
            "has_prev": page > 1,
        },
    }


def line_of(r):
    return {
        "id": r[0],
        "line_number": r[1],
        "description": r[2],
        "quantity": float(r[3]),
        "unit": r[4],
        "unit_price": float(r[5]),
        "category": r[6],
        "tax_code": r[7],
        "tax_rate": float(r[8]),
        "tax_amount": float(r[9]),
        "line_total": float(r[10]),
    }


def file_of(r):
    return {
        "id": r[0],
        "original_filename": r[1],
        "file_size": r[2],
        "mime_type": r[3],
        "virus_scan_status": r[4],
        "uploaded_by": f"{r[5]} {r[6]}".strip(),
        "uploaded_at": r[7],
    }


def slot_of(r):
    status = "pending" if r[1] == "waiting" else "superseded"
    if r[2] is not None:
        status = "rejected" if r[2] == "REJECT" else "approved"
    return {
        "id": r[0],
        "approver": approver_of(*(r[6:10] if r[10] is None else r[10:14])),
        "status": status,
        "comments": r[3] or "",
        "in_place_of": person_of(*r[14:17]),
        "created_at": r[4],
        "decided_at": r[5],
    }


def detail(cursor, user, order):
    r = cursor.execute(sql.ORDER, (order, user[1])).fetchone()
    notes = [
        {"id": row[0], "text": row[1], "author": person_of(*row[2:5]), "created_at": row[5]}
        for row in cursor.execute(sql.NOTES, (order,))
    ]
    releases = [
        {
            "id": row[0],
            "amount": float(row[1]),
            "note": row[2],
            "released_by": person_of(*row[3:6]),
            "created_at": row[6],
        }
        for row in cursor.execute(sql.RELEASES, (order,))
    ]
    return {
        **row_of(r),
        "vendor_id": r[24],
        "vendor_address": r[25],
        "description": r[26],
        "ceiling_amount": None if r[27] is None else float(r[27]),
        "released_amount": float(r[28]),
        "urgency_justification": r[29],
        "line_items": [line_of(row) for row in cursor.execute(sql.LINES, (order,))],
        "files": [file_of(row) for row in cursor.execute(sql.FILES, (order,))],
        "approval_history": [slot_of(row) for row in cursor.execute(sql.ASKED, (order,))],
        "notes": notes,
        "releases": releases,
        "request_id": r[30],
        "approved_by": person_of(*r[31:34]),
        "approved_at": r[34],
        "budget_overridden": r[35],
        "rejected_at": r[36],
        "rejection_reason": r[37],
        "cancelled_at": r[38],
        "cancellation_reason": r[39],
        "closed_at": r[40],
        "closing_reason": r[41],
        "sent_at": r[42],
    }


def created(cursor, user, environ):
    given = given_in(environ)
    now = datetime.now(UTC)
    texts = {name: given.get(name, "") for name in TEXTS}
    with local.connection.transaction():
        place = (user[1], given["project_id"], given["cost_code"], user[0])
        project, cost_code = cursor.execute(sql.ORDER_FOR, place).fetchone()
        vendors = cursor.execute(sql.VENDOR, (user[1], texts["vendor_name"])).fetchall()
        vendor = vendors[0] if len(vendors) == 1 else (None, None)
        rates = dict(cursor.execute(sql.RATES, (user[1],)).fetchall())
        lines = [priced(number, line, rates) for number, line in enumerate(given["line_items"], 1)]
        *_, net, tax, totals = zip(*lines, strict=True)
        sums = sum(net), sum(tax), sum(totals)
        day = f"{now:%y%j}"
        number = f"{day}-PO-{next_number(cursor, f'{user[1]}:po:{day}'):03}"
        found = [number, texts["vendor_name"], texts["description"], *(line[1] for line in lines)]
        pk = cursor.execute(
            sql.NEW_ORDER,
            (user[1], number, given["type"], project, cost_code, vendor[0],
             *texts.values(), *sums, len(lines), "\n".join(text for text in found if text).upper(), user[0], now, now),
        ).fetchone()[0]  # fmt: skip
        cursor.execute(sql.NEW_LINES, (pk, *map(list, zip(*lines, strict=True))))
        audited = {
            "po_number": number,
            "type": given["type"],
            "status": "draft",
            "project_id": given["project_id"],
            "cost_code": given["cost_code"],
            "vendor_id": vendor[1],
            **texts,
            "urgency_justification": "",
            "ceiling_amount": None,
            "subtotal": str(sums[0]),
            "tax_amount": str(sums[1]),
            "total_amount": str(sums[2]),
            "line_items": [
                {
                    "description": line[1],
                    "quantity": str(line[2]),
                    "unit": line[3],
                    "unit_price": str(line[4]),
                    "category": line[5],
                    "tax_code": line[6],
                }
                for line in lines
            ],
        }
        audit(cursor, user, environ, ("purchase_order", pk), "created", None, audited, now)
    return {"id": pk, "po_number": number, "status": "draft", "total_amount": float(sums[2]), "created_at": now}


def priced(number, line, rates):
    """The columns of a line, its amounts last: net, tax, both."""
    quantity, price = Decimal(str(line["quantity"])).quantize(MILLI), Decimal(str(line["unit_price"])).quantize(CENT)
    rate = rates[line["tax_code"]]
    net = (quantity * price).quantize(CENT, ROUND_HALF_UP)
    tax = (quantity * price * rate / 100).quantize(CENT, ROUND_HALF_UP)
    named = (number, line["description"], quantity, line["unit"], price, line["category"], line["tax_code"])
    return (*named, rate, net, tax, net + tax)


def approved(cursor, user, order, environ):
    comments = given_in(environ).get("comments", "")
    now = datetime.now(UTC)
    with local.connection.transaction():
        number, project, code, amount = cursor.execute(sql.LOCKED_ORDER, (order, user[1])).fetchone()
        slot, approval = cursor.execute(sql.ORDER_SLOT, (order, user[0])).fetchone()
        if cursor.execute(sql.LOCKED_CODE, (code,)).fetchone()[0] < amount:
            raise ValueError("the budget has run out")
        decision = cursor.execute(
            sql.NEW_ORDER_DECISION, (uuid.uuid4(), approval, order, user[0], comments, now)
        ).fetchone()[0]
        cursor.execute(sql.FILL_SLOT, (decision, slot))
        cursor.execute(sql.END_APPROVAL, (now, approval))
        cursor.execute(sql.APPROVE_ORDER, (user[0], now, now, order))
        cursor.execute(sql.NEW_LEDGER_ENTRY, (user[1], project, code, order, amount, user[0], now))
        cursor.execute(sql.COMMIT, (amount, code))
        enqueue(cursor, user, "tell_about_order", {"about": "decided", "order": order}, now)
        enqueue(cursor, user, "post_order", {"order": order, "po_number": number}, now, f"post_order:{order}")
        new = {"status": "approved", "amount": str(amount), "comments": comments}
        audit(cursor, user, environ, ("purchase_order", order), "approved", {"status": "submitted"}, new, now)
    return {
        "id": order,
        "po_number": number,
        "status": "approved",
        "approved_at": now,
        "approved_by": person_of(user[0], *user[2:4]),
    }
