"""The SQL of the bare handler about invoices and payments: what each operation needs, and nothing besides."""


def invoices_where(names, words):
    """The conditions of a list that is filtered by these, and in which these words are searched."""
    filters = {
        "status": {
            "overdue": " AND i.status IN ('sent', 'partial') AND i.due_date < %(today)s",
            "sent": " AND i.status = 'sent' AND i.due_date >= %(today)s",
            "partial": " AND i.status = 'partial' AND i.due_date >= %(today)s",
        },
        "client": " AND i.customer_id = %(client)s",
    }
    found = """ AND (i.number LIKE %({word})s OR i.customer_id IN (
    SELECT id FROM parties_customer WHERE organization_id = %(organization)s AND sort_name LIKE %({word})s))"""
    chosen = ""
    if "status" in names:
        chosen += filters["status"].get(names["status"], " AND i.status = %(status)s")
    if "client" in names:
        chosen += filters["client"]
    chosen += "".join(found.replace("{word}", word) for word in words)
    return "i.organization_id = %(organization)s" + chosen


COLUMNS = """
SELECT i.id, i.uuid, i.number, i.year, i.sequence, i.customer_id, p.name, i.issue_date, i.due_date, i.status,
  i.imported, i.currency, i.subtotal, i.tax_amount, i.total_amount, i.paid_amount, i.balance, i.terms, i.notes,
  i.created_at, i.updated_at, i.owner_id, i.quote_id, n.id, n.number, i.issued_at"""
JOINS = """
JOIN parties_customer c ON c.id = i.customer_id JOIN parties_party p ON p.id = c.party_id
LEFT JOIN sales_creditnote n ON n.invoice_id = i.id"""
COUNT = "SELECT count(*) FROM sales_invoice i WHERE {where}"
ROWS = f"""{COLUMNS}
FROM (SELECT i.id FROM sales_invoice i WHERE {{where}}
  ORDER BY i.created_at DESC, i.id DESC LIMIT %(size)s OFFSET %(start)s) page
JOIN sales_invoice i ON i.id = page.id {JOINS}
ORDER BY i.created_at DESC, i.id DESC"""
INVOICE = f"{COLUMNS} FROM sales_invoice i {JOINS} WHERE i.id = %s AND i.organization_id = %s"
LINES = """
SELECT l.invoice_id, l.id, l.description, l.quantity, l.unit, l.unit_price, l.discount_percent, l.tax_code, l.tax_rate,
  l.tax_category, l.net_amount, l.tax_amount, l.line_total, l.paid_amount, l.case_id, k.number, o.name
FROM sales_invoiceline l LEFT JOIN cases_case k ON k.id = l.case_id LEFT JOIN cases_product o ON o.id = k.product_id
WHERE l.invoice_id = ANY(%s) ORDER BY l.line_number"""
PAYMENTS = """
SELECT y.invoice_id, y.id, y.amount, y.payment_date, y.payment_method, y.reference, y.note, y.refund_of_id,
  y.created_by_id, y.created_at
FROM sales_payment y WHERE y.invoice_id = ANY(%s) ORDER BY y.payment_date, y.id"""
SHARES = """
SELECT s.payment_id, s.line_id, l.case_id IS NOT NULL, s.amount
FROM sales_paymentshare s JOIN sales_invoiceline l ON l.id = s.line_id
WHERE s.payment_id = ANY(%s) ORDER BY l.line_number"""

PAYMENTS_COUNT = "SELECT count(*) FROM sales_payment WHERE organization_id = %(organization)s"
PAYMENTS_ROWS = """
SELECT y.invoice_id, y.id, y.amount, y.payment_date, y.payment_method, y.reference, y.note, y.refund_of_id,
  y.created_by_id, y.created_at, i.number
FROM (SELECT id FROM sales_payment WHERE organization_id = %(organization)s
  ORDER BY created_at DESC, id DESC LIMIT %(size)s OFFSET %(start)s) page
JOIN sales_payment y ON y.id = page.id JOIN sales_invoice i ON i.id = y.invoice_id
ORDER BY y.created_at DESC, y.id DESC"""

CUSTOMER = """
SELECT c.id, p.name, g.currency, g.payment_days, g.default_tax_code, g.invoice_terms
FROM parties_customer c JOIN parties_party p ON p.id = c.party_id JOIN core_organization g ON g.id = c.organization_id
WHERE c.id = %s AND c.organization_id = %s AND c.active FOR NO KEY UPDATE OF c"""
TAX_CODES = "SELECT code, rate, category FROM core_taxcode WHERE organization_id = %s AND active"
NEW_INVOICE = """
INSERT INTO sales_invoice (uuid, organization_id, customer_id, owner_id, number, year, sequence, issue_date, due_date,
  status, currency, subtotal, tax_amount, total_amount, paid_amount, balance, terms, notes, imported, parties,
  created_at, updated_at)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, 'draft', %s, %s, %s, %s, 0, %s, %s, %s, false, '{}', %s, %s) RETURNING id"""
NEW_LINES = """
INSERT INTO sales_invoiceline (invoice_id, line_number, paid_amount, description, quantity, unit, unit_price,
  discount_percent, tax_code, tax_rate, tax_category, net_amount, tax_amount, line_total)
SELECT %s, n, 0, d, q, u, p, r, c, t, y, net, tax, total FROM unnest(%s::int[], %s::text[], %s::numeric[], %s::text[],
  %s::numeric[], %s::numeric[], %s::text[], %s::numeric[], %s::text[], %s::numeric[], %s::numeric[], %s::numeric[])
  AS lines(n, d, q, u, p, r, c, t, y, net, tax, total) RETURNING id"""
