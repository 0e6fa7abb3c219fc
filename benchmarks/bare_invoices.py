"""The bare handler's answers about invoices and payments."""

import uuid
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

from benchmarks import invoice_statements as sql
from benchmarks.bare_customers import contained
from benchmarks.floor import asked, audit, given_in, local, next_number, page_of

PAGE = 20
CENT, MILLI, ZERO = Decimal("0.01"), Decimal("0.001"), Decimal("0.00")
OPEN = "sent", "partial"
SHOWN_AS = {"bank_transfer": "wire_transfer"}


def listed(cursor, user, environ):
    given, today = asked(environ), datetime.now(UTC).date()
    words = {f"word{n}": contained(word) for n, word in enumerate(given.get("search", "").upper().split())}
    where = sql.invoices_where(given, words)
    values = {"organization": user[1], "today": today, **words, **given}
    total = cursor.execute(sql.COUNT.format(where=where), values).fetchone()[0]
    rows = sql.ROWS.format(where=where)

    def rows_at(start):
        found = cursor.execute(rows, {**values, "size": PAGE, "start": start}).fetchall()
        return shown(cursor, found, today)

    return page_of(environ, total, PAGE, rows_at)


def detail(cursor, user, invoice):
    row = cursor.execute(sql.INVOICE, (invoice, user[1])).fetchone()
    return shown(cursor, [row], datetime.now(UTC).date())[0]


def shown(cursor, rows, today):
    ids = [r[0] for r in rows]
    lines, payments = {pk: [] for pk in ids}, {pk: [] for pk in ids}
    for line in cursor.execute(sql.LINES, (ids,)):
        lines[line[0]].append(line)
    numbers = {r[0]: r[2] for r in rows}
    found = cursor.execute(sql.PAYMENTS, (ids,)).fetchall()
    for payment in with_shares(cursor, found, numbers):
        payments[payment["invoice"]].append(payment)
    return [invoice_of(r, lines[r[0]], payments[r[0]], today) for r in rows]


def with_shares(cursor, rows, numbers):
    """Payments, with what of them is for which line; `numbers` of the invoices, by their ids."""
    shares = {r[1]: [] for r in rows}
    for payment, line, of_case, amount in cursor.execute(sql.SHARES, (list(shares),)):
        share = {"line": line, "invoice_application": line if of_case else None, "amount": str(amount)}
        shares[payment].append(share)
    return [payment_of(r, shares[r[1]], numbers[r[0]]) for r in rows]


def payment_of(r, shares, number):
    return {
        "id": r[1],
        "invoice": r[0],
        "invoice_number": number,
        "invoice_application": shares[0]["invoice_application"] if len(shares) == 1 else None,
        "amount": str(r[2]),
        "payment_date": r[3],
        "payment_method": r[4],
        "payment_type": SHOWN_AS.get(r[4], r[4]),
        "reference": r[5],
        "note": r[6],
        "refund_of": r[7],
        "allocations": shares,
        "created_by": r[8],
        "created_at": r[9],
    }


def invoice_of(r, lines, payments, today):
    status = "overdue" if r[9] in OPEN and r[8] < today else r[9]
    return {
        "id": r[0],
        "uuid": r[1],
        "invoice_number": r[2],
        "invoice_no": None if r[4] is None else int(f"{r[3]}{r[4]:04}"),
        "client": r[5],
        "customer": r[5],
        "customer_name": r[6],
        "issue_date": r[7],
        "invoice_date": r[7],
        "due_date": r[8],
        "status": status,
        "sent": r[25] is not None,
        "imported": r[10],
        "currency": r[11],
        "subtotal": str(r[12]),
        "tax_amount": str(r[13]),
        "total_amount": str(r[14]),
        "paid_amount": str(r[15]),
        "balance": str(r[16]),
        "terms": r[17],
        "notes": r[18],
        "created_at": r[19],
        "updated_at": r[20],
        "owner": r[21],
        "quote": r[22],
        "line_items": [line_of(line) for line in lines],
        "payments": payments,
        "invoice_applications": [application_of(line, status) for line in lines if line[14] is not None],
        "taxes": taxes_of(lines),
        "credit_note": None if r[23] is None else {"id": r[23], "number": r[24]},
    }


def line_of(r):
    return {
        "id": r[1],
        "description": r[2],
        "quantity": float(r[3]),
        "unit": r[4],
        "unit_price": str(r[5]),
        "discount_percent": str(r[6]),
        "tax_code": r[7],
        "tax_rate": str(r[8]),
        "tax_amount": str(r[11]),
        "total": str(r[10]),
        "line_total": str(r[12]),
        "customer_application": r[14],
    }


def application_of(r, invoice):
    due = ZERO if invoice == "cancelled" else r[12] - r[13]
    return {
        "id": r[1],
        "customer_application": r[14],
        "case_number": r[15],
        "product_name": r[16],
        "description": r[2],
        "amount": str(r[10]),
        "tax_amount": str(r[11]),
        "total_amount": str(r[12]),
        "paid_amount": str(r[13]),
        "due_amount": str(due),
        "status": invoice if invoice == "cancelled" else "paid" if not due else "partial" if r[13] else "unpaid",
    }


def taxes_of(lines):
    totals = {}
    for r in lines:
        net, tax = totals.get((r[8], r[9]), (ZERO, ZERO))
        totals[r[8], r[9]] = net + r[10], tax + r[11]
    return [
        {"rate": str(rate), "category": category, "net": str(net), "tax": str(tax)}
        for (rate, category), (net, tax) in sorted(totals.items(), key=lambda found: (-found[0][0], found[0][1]))
    ]


def cents(amount):
    return amount.quantize(CENT, rounding=ROUND_HALF_UP)


def created(cursor, user, environ):
    given = given_in(environ)
    now = datetime.now(UTC)
    issued = date.fromisoformat(given["issue_date"])
    with local.connection.transaction():
        customer, name, currency, days, usual, terms = cursor.execute(
            sql.CUSTOMER, (given["client"], user[1])
        ).fetchone()
        codes = {code: (rate, category) for code, rate, category in cursor.execute(sql.TAX_CODES, (user[1],))}
        due = date.fromisoformat(given["due_date"]) if "due_date" in given else issued + timedelta(days=days)
        lines = []
        for number, line in enumerate(given["line_items"], 1):
            quantity, price = Decimal(str(line["quantity"])).quantize(MILLI), Decimal(line["unit_price"])
            discount, code = Decimal(line.get("discount_percent", "0")), line.get("tax_code", usual)
            rate, category = codes[code]
            net = cents(quantity * price * (100 - discount) / 100)
            tax = cents(net * rate / 100)
            lines.append(
                (number, line["description"].strip(), quantity, line.get("unit", "").strip(), price, discount, code,
                 rate, category, net, tax, net + tax)
            )  # fmt: skip
        subtotal, tax_amount = (sum((line[place] for line in lines), ZERO) for place in (9, 10))
        total = subtotal + tax_amount
        sequence = next_number(cursor, f"{user[1]}:invoice:{issued.year}")
        number, own = f"INV-{issued.year}-{sequence:03}", uuid.uuid4()
        terms, notes = given.get("terms", terms).strip(), given.get("notes", "").strip()
        amounts = subtotal, tax_amount, total
        invoice = cursor.execute(
            sql.NEW_INVOICE,
            (own, user[1], customer, user[0], number, issued.year, sequence, issued, due, currency, *amounts, total,
             terms, notes, now, now),
        ).fetchone()[0]  # fmt: skip
        ids = [row[0] for row in cursor.execute(sql.NEW_LINES, (invoice, *map(list, zip(*lines, strict=True))))]
        told = {
            "number": number,
            "customer": customer,
            "owner": user[0],
            "issue_date": issued.isoformat(),
            "terms": terms,
            "notes": notes,
            "subtotal": str(subtotal),
            "tax_amount": str(tax_amount),
            "total_amount": str(total),
            "lines": [
                {
                    "description": line[1],
                    "quantity": str(line[2]),
                    "unit": line[3],
                    "unit_price": str(line[4]),
                    "discount_percent": str(line[5]),
                    "tax_code": line[6],
                    "tax_rate": str(line[7]),
                }
                for line in lines
            ],
            "due_date": due.isoformat(),
            "status": "draft",
        }
        audit(cursor, user, environ, ("invoice", invoice), "created", None, told, now)
    row = (
        invoice, own, number, issued.year, sequence, customer, name, issued, due, "draft", False, currency, *amounts,
        ZERO, total, terms, notes, now, now, user[0], None, None, None, None,
    )  # fmt: skip
    written = [
        (invoice, id, *line[1:4], line[4].quantize(CENT), line[5].quantize(CENT), *line[6:], ZERO, None, None, None)
        for id, line in zip(ids, lines, strict=True)
    ]
    return invoice_of(row, written, [], now.date())


def payments(cursor, user, environ):
    values = {"organization": user[1]}
    total = cursor.execute(sql.PAYMENTS_COUNT, values).fetchone()[0]

    def rows_at(start):
        rows = cursor.execute(sql.PAYMENTS_ROWS, {**values, "size": PAGE, "start": start}).fetchall()
        return with_shares(cursor, rows, {r[0]: r[10] for r in rows})

    return page_of(environ, total, PAGE, rows_at)
