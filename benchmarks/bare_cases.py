"""The bare handler's answers about cases. Working days are counted by bureau.kit.workdays, which knows the holidays."""

import calendar
import uuid
from datetime import UTC, date, datetime

from benchmarks import statements as sql
from benchmarks.bare_customers import contained
from benchmarks.floor import asked, audit, given_in, local, next_number, page_of
from bureau.kit.workdays import workdays

PAGE = 20
FILTERS = "status", "product", "overdue"
LOST = "infected", "failed"  # what the virus scan may say of a file that counts as none
OPEN = "pending", "processing"


def is_late(status, due, step_due, today):
    return status in OPEN and step_due is not None and min(step_due, due) < today


def row_of(r, today):
    return {
        "id": r[0],
        "uuid": r[1],
        "number": r[2],
        "customer": r[3],
        "customer_name": r[4],
        "product": r[5],
        "product_name": r[6],
        "doc_date": r[7],
        "due_date": r[8],
        "status": r[9],
        "notes": r[10],
        "owner": r[11],
        "step": r[12] or None,
        "step_name": r[13] or None,
        "step_status": r[14],
        "step_due_date": r[15],
        "is_overdue": is_late(r[9], r[8], r[15], today),
        "completed_at": r[16],
        "created_at": r[17],
        "updated_at": r[18],
    }


def today_of(now):
    return now.date()


def listed(cursor, user, environ):
    given, today = asked(environ), today_of(datetime.now(UTC))
    words = {f"word{n}": contained(word) for n, word in enumerate(given.get("search", "").upper().split())}
    names = [name for name in FILTERS if name in given]
    where = sql.cases_where(names, words)
    values = {"organization": user[1], "today": today, **words, **{name: given[name] for name in names}}
    total = cursor.execute(sql.CASES_COUNT.format(where=where), values).fetchone()[0]
    rows = sql.CASES_ROWS.format(where=where)

    def rows_at(start):
        found = cursor.execute(rows, {**values, "size": PAGE, "start": start})
        return [row_of(row, today) for row in found]

    return page_of(environ, total, PAGE, rows_at)


# --- One case


def month_later(day, months):
    count = day.month - 1 + months
    year, month = day.year + count // 12, count % 12 + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def state_of(complete, checked, expiry, months, *, due, today):
    if not complete:
        return "missing"
    if expiry is not None and expiry < today:
        return "expired"
    if expiry is not None and expiry < month_later(due, months):
        return "expiring"
    return "checked" if checked else "uploaded"


def is_complete(r):
    held = r[9] is not None and r[9] not in LOST
    return held and bool(r[4] or not r[14]) and (r[5] is not None or not r[15])


def document_of(r, case, due, today):
    complete = is_complete(r)
    return {
        "id": r[0],
        "uuid": r[1],
        "customer_application": case,
        "doc_type": r[2],
        "doc_type_name": r[13],
        "required": r[3],
        "doc_number": r[4],
        "expiry_date": r[5],
        "details": r[16],
        "filename": r[6],
        "size": r[7],
        "content_type": r[8],
        "scan_state": r[9],
        "state": state_of(complete, r[11] is not None, r[5], r[17], due=due, today=today),
        "completed": complete,
        "uploaded_at": r[10],
        "checked_at": r[11],
        "checked_by": r[12],
        "actions": r[18],
        "created_at": r[19],
        "updated_at": r[20],
    }


def step_of(r, current, late):
    return {
        "id": r[0],
        "step": r[1],
        "name": r[2],
        "status": r[3],
        "start_date": r[4],
        "due_date": r[5],
        "completed_at": r[6],
        "is_current": r[1] == current,
        "is_overdue": r[1] == current and late,
    }


def plan(start, tasks, calendars):
    """`tasks`: (duration, business days, country)."""
    for duration, business, country in tasks:
        start = calendars(country).add(start, duration, business=business)
    return start


def calendars_of(cursor, organization, home):
    closed = frozenset(row[0] for row in cursor.execute(sql.CLOSING_DAYS, (organization,)))
    return lambda country: workdays(country or home, closed)


def written(day):
    return f"{day.day} {day:%b} {day.year}"


def readiness(status, due, steps, to_come, documents, calendars, today):
    if status == "completed":
        return {"date": None, "missing": [], "blocked_by": [], "text": "Completed."}
    step = steps[-1]
    if status == "rejected":
        which = f"step {step[1]} {step[2]}"
        blocked = [f"{which} was rejected"]
        return {"date": None, "missing": [], "blocked_by": blocked, "text": f"Rejected at {which}."}
    begin, own, since = step[5], calendars(step[8]), step[9]
    if since is not None:
        stood = own.between(since, today, business=step[7])
        begin = own.add(begin, stood, business=step[7]) if stood else begin
    if begin < today:
        begin = own.add(today, 0, business=step[7])
    finish = plan(begin, to_come, calendars)
    missing, blocked, needed = [], [], max(due, finish)
    for r in documents:
        if not r[3]:
            continue
        state = state_of(is_complete(r), r[11] is not None, r[5], r[17], due=needed, today=today)
        if state not in ("uploaded", "checked"):
            missing.append(r[13])
            blocked.append(gap(r, state, needed))
    if step[3] == "waiting":
        blocked.append("an answer of the customer")
    text = f"Can be finished on {written(finish)}"
    text += f"; waiting for: {', '.join(blocked)}." if blocked else "."
    return {"date": finish, "missing": missing, "blocked_by": blocked, "text": text}


def gap(r, state, needed):
    name = r[13]
    if state == "expired":
        return f"a valid {name} (this one has expired)"
    if state == "expiring":
        return f"a {name} valid until {written(month_later(needed, r[17]))}"
    lacks = [
        word for word, asked, given in (("number", r[14], r[4]), ("expiry date", r[15], r[5])) if asked and not given
    ]
    return f"{name} (its {' and '.join(lacks)})" if r[6] is not None and lacks else name


def detail(cursor, user, case):
    today = today_of(datetime.now(UTC))
    r = cursor.execute(sql.CASE, (case, user[1])).fetchone()
    steps = cursor.execute(sql.STEPS_OF_CASE, (case,)).fetchall()
    documents = cursor.execute(sql.DOCUMENTS, (case,)).fetchall()
    to_come, calendars = [], None
    if r[9] in OPEN:
        to_come = cursor.execute(sql.TASKS_AFTER, (r[5], steps[-1][1])).fetchall()
        calendars = calendars_of(cursor, user[1], r[20])
    return shown(r, steps, to_come, documents, calendars, today)


def shown(r, steps, to_come, documents, calendars, today):
    late = is_late(r[9], r[8], r[15], today)
    return {
        **row_of(r, today),
        "closing_reason": r[19],
        "documents": [document_of(document, r[0], r[8], today) for document in documents],
        "workflows": [step_of(step, r[12], late) for step in steps],
        "readiness": readiness(r[9], r[8], steps, to_come, documents, calendars, today),
    }


def created(cursor, user, environ):
    given = given_in(environ)
    now = datetime.now(UTC)
    today = today_of(now)
    begin = date.fromisoformat(given["doc_date"]) if "doc_date" in given else today
    notes = given.get("notes", "").strip()
    with local.connection.transaction():
        customer, name, home = cursor.execute(sql.CASE_CUSTOMER, (given["customer"], user[1])).fetchone()
        product, code, product_name = cursor.execute(sql.CASE_PRODUCT, (given["product"], user[1])).fetchone()
        calendars = calendars_of(cursor, user[1], home)
        tasks = cursor.execute(sql.TASKS, (product,)).fetchall()
        kinds = cursor.execute(sql.TAKEN, (product,)).fetchall()
        number = f"CASE-{today.year}-{next_number(cursor, f'{user[1]}:case:{today.year}'):05}"
        first, *to_come = tasks
        step_due = plan(begin, [first[3:6]], calendars)
        due = plan(begin, [task[3:6] for task in tasks], calendars)
        status = "pending" if any(kind[2] for kind in kinds) else "processing"
        case_uuid = uuid.uuid4()
        case = cursor.execute(
            sql.NEW_CASE,
            (case_uuid, user[1], number, customer, product, user[0], begin, due, status, notes, first[1], first[2],
             step_due, now, now),
        ).fetchone()[0]  # fmt: skip
        uuids = [uuid.uuid4() for _ in kinds]
        columns = (
            uuids,
            [kind[0] for kind in kinds],
            [kind[2] for kind in kinds],
            list(range(1, len(kinds) + 1)),
            [kind[3] for kind in kinds],
        )
        ids = [row[0] for row in cursor.execute(sql.NEW_DOCUMENTS, (user[1], case, now, now, *columns))]
        step = cursor.execute(
            sql.NEW_STEP, (case, first[0], first[1], first[2], *first[3:7], begin, step_due, now)
        ).fetchone()[0]
        audited = {
            "number": number,
            "customer": customer,
            "product": code,
            "doc_date": begin,
            "owner": user[0],
            "notes": notes,
            "status": status,
            "step": first[1],
            "step_status": "pending",
            "due_date": due,
        }
        audited = {key: value.isoformat() if isinstance(value, date) else value for key, value in audited.items()}
        audit(cursor, user, environ, ("case", case), "created", None, audited, now)
    documents = [
        (id, own, kind[0], kind[2], "", None, None, None, None, None, None, None, None, kind[1], kind[4], kind[5], "",
         kind[3], kind[6], now, now)
        for id, own, kind in zip(ids, uuids, kinds, strict=True)
    ]  # fmt: skip
    r = (
        case, case_uuid, number, customer, name, product, product_name, begin, due, status, notes, user[0], first[1],
        first[2], "pending", step_due, None, now, now, "",
    )  # fmt: skip
    steps = [(step, first[1], first[2], "pending", begin, step_due, None, first[4], first[5], None)]
    return shown(r, steps, [task[3:6] for task in to_come], documents, calendars, today)
