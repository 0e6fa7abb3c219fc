"""The bare handler's answers about customers."""

from benchmarks import statements as sql
from benchmarks.floor import asked, page_of

PAGE = 20
ORDERS = {"": "c.created_at DESC, c.id DESC", "name": "c.sort_name, c.id"}


def row_of(r):
    return {
        "id": r[0],
        "uuid": r[1],
        "name": r[2],
        "customer_type": r[3],
        "title": r[4],
        "first_name": r[5],
        "last_name": r[6],
        "company_name": r[7],
        "company": r[7],
        "email": r[8],
        "phone": r[9],
        "telephone": r[9],
        "whatsapp": r[10],
        "address": r[11],
        "country": r[26],
        "tax_number": r[12],
        "nationality": r[13],
        "birthdate": r[14],
        "birth_place": r[15],
        "gender": r[16],
        "passport_number": r[17],
        "passport_issue_date": r[18],
        "passport_expiry_date": r[19],
        "notify_steps_due": r[20],
        "notify_documents_expiring": r[21],
        "active": r[22],
        "owner": r[23],
        "created_at": r[24],
        "updated_at": r[25],
    }


def contained(text):
    """As LIKE takes it."""
    return "%" + text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"


def listed(cursor, user, environ):
    given = asked(environ)
    words = {f"word{n}": contained(word) for n, word in enumerate(given.get("search", "").upper().split())}
    where = sql.customers_where(words)
    values = {"organization": user[1], **words}
    total = cursor.execute(sql.CUSTOMERS_COUNT.format(where=where), values).fetchone()[0]
    rows = sql.CUSTOMERS_ROWS.format(where=where, order=ORDERS[given.get("ordering", "")])

    def rows_at(start):
        return [row_of(row) for row in cursor.execute(rows, {**values, "size": PAGE, "start": start})]

    return page_of(environ, total, PAGE, rows_at)
