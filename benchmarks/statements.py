"""The SQL of the bare handler (bare.py): what each operation needs, and nothing besides."""

USER = """
SELECT u.id, u.organization_id, u.first_name, u.last_name
FROM accounts_refreshfamily f JOIN core_user u ON u.id = f.user_id
WHERE f.id = %s AND f.user_id = %s AND f.revoked_at IS NULL AND u.is_active"""

COUNT = "SELECT count(*) FROM purchasing_purchaserequest WHERE organization_id = %s"
ROWS = """
SELECT r.uuid, u.uuid, u.username, t.uuid, t.name, r.status, r.subject, r.vendor_name, r.created_at
FROM purchasing_purchaserequest r JOIN core_user u ON u.id = r.requestor_id JOIN accounts_team t ON t.id = r.team_id
WHERE r.organization_id = %s ORDER BY r.created_at DESC, r.id DESC LIMIT %s OFFSET %s"""

WAITING = """
r.organization_id = %(organization)s AND r.status IN ('PENDING_APPROVAL', 'IN_REVIEW') AND r.requestor_id <> %(user)s
AND r.id IN (
  SELECT s.request_id FROM purchasing_approvalslot s
  JOIN accounts_accessscope a ON a.team_id = s.team_id AND a.role_id = s.role_id
  WHERE a.user_id = %(user)s AND s.state = 'waiting'
  UNION ALL SELECT request_id FROM purchasing_approvalslot WHERE user_id = %(user)s AND state = 'waiting')"""
INBOX_COUNT = f"SELECT count(*) FROM purchasing_purchaserequest r WHERE {WAITING}"
INBOX_ROWS = f"""
SELECT r.uuid, u.uuid, u.username, t.uuid, t.name, r.status, r.subject, r.vendor_name, r.created_at,
  s.uuid, s.step_name, s.step_order
FROM (SELECT r.id FROM purchasing_purchaserequest r WHERE {WAITING}
  ORDER BY r.submitted_at, r.id LIMIT %(size)s OFFSET %(start)s) page
JOIN purchasing_purchaserequest r ON r.id = page.id
JOIN core_user u ON u.id = r.requestor_id JOIN accounts_team t ON t.id = r.team_id
JOIN purchasing_workflowstep s ON s.id = r.current_step_id ORDER BY r.submitted_at, r.id"""

DETAIL = """
SELECT r.id, r.uuid, r.number, u.uuid, u.username, u.first_name, u.last_name, t.uuid, t.name,
  f.uuid, f.name, f.version_number, w.uuid, w.name, w.version_number, s.uuid, s.step_name, s.step_order,
  r.status, r.vendor_name, r.vendor_account, r.subject, r.description, r.purchase_type, r.amount,
  r.rejection_comment, r.submitted_at, r.completed_at, r.created_at, r.updated_at
FROM purchasing_purchaserequest r JOIN core_user u ON u.id = r.requestor_id JOIN accounts_team t ON t.id = r.team_id
JOIN purchasing_formtemplate f ON f.id = r.form_template_id
LEFT JOIN purchasing_workflowtemplate w ON w.id = r.workflow_template_id
LEFT JOIN purchasing_workflowstep s ON s.id = r.current_step_id
WHERE r.uuid = %s AND r.organization_id = %s"""
ITEMS = """
SELECT description, quantity, unit_price, total FROM purchasing_requestitem WHERE request_id = %s ORDER BY position"""
VALUES = """
SELECT f.uuid, f.field_id, f.name, f.field_type, v.value_text, v.value_number, v.value_date, v.value_boolean,
  a.uuid, sf.filename
FROM purchasing_fieldvalue v JOIN purchasing_formfield f ON f.id = v.field_id
LEFT JOIN purchasing_attachment a ON a.id = v.value_file_id LEFT JOIN core_storedfile sf ON sf.id = a.file_id
WHERE v.request_id = %s ORDER BY f."order", f.id"""
ATTACHMENTS = """
SELECT a.uuid, f.filename, f.size, f.content_type, a.category, a.created_at
FROM purchasing_attachment a JOIN core_storedfile f ON f.id = a.file_id
WHERE a.request_id = %s ORDER BY a.created_at, a.id"""
DECISIONS = """
SELECT d.uuid, s.step_name, s.step_order, u.username, d.action, d.comment, d.created_at
FROM purchasing_decision d JOIN purchasing_workflowstep s ON s.id = d.step_id JOIN core_user u ON u.id = d.approver_id
WHERE d.request_id = %s ORDER BY d.created_at, d.id"""

TEAM = """
SELECT t.id, t.name, f.id, f.uuid, f.name, f.version_number, o.request_prefix,
  u.uuid, u.username, u.first_name, u.last_name
FROM accounts_team t JOIN purchasing_formtemplate f ON f.team_id = t.id AND f.in_use
JOIN core_organization o ON o.id = t.organization_id JOIN core_user u ON u.id = %s
WHERE t.uuid = %s AND t.organization_id = %s"""
FORM_FIELDS = """
SELECT id, uuid, field_id, name, field_type, is_amount FROM purchasing_formfield
WHERE form_template_id = %s ORDER BY "order", id"""
NUMBER = """
INSERT INTO sequences_sequence (name, last) VALUES (%s, 1)
ON CONFLICT (name) DO UPDATE SET last = sequences_sequence.last + 1 RETURNING last"""
NEW_REQUEST = """
INSERT INTO purchasing_purchaserequest (uuid, organization_id, number, requestor_id, team_id, form_template_id, status,
  subject, description, vendor_name, vendor_account, purchase_type, amount, rejection_comment, created_at, updated_at)
VALUES (%s, %s, %s, %s, %s, %s, 'DRAFT', %s, %s, %s, %s, %s, %s, '', %s, %s) RETURNING id"""
NEW_VALUES = """
INSERT INTO purchasing_fieldvalue (request_id, field_id, value_text, value_number, value_date, value_boolean)
SELECT %s, * FROM unnest(%s::bigint[], %s::text[], %s::numeric[], %s::date[], %s::boolean[])"""

LOCKED = """
SELECT r.id, r.status, r.team_id, s.id, s.uuid, s.step_name, s.step_order, s.workflow_template_id
FROM purchasing_purchaserequest r JOIN purchasing_workflowstep s ON s.id = r.current_step_id
WHERE r.uuid = %s AND r.organization_id = %s AND r.status IN ('PENDING_APPROVAL', 'IN_REVIEW')
FOR NO KEY UPDATE OF r"""
SLOTS = """
SELECT s.id, s.approval_id, s.user_id = %(user)s OR a.id IS NOT NULL FROM purchasing_approvalslot s
LEFT JOIN accounts_accessscope a ON a.team_id = s.team_id AND a.role_id = s.role_id AND a.user_id = %(user)s
WHERE s.request_id = %(request)s AND s.step_id = %(step)s AND s.state = 'waiting'"""
NEW_DECISION = """
INSERT INTO purchasing_decision (uuid, approval_id, request_id, step_id, approver_id, action, comment, created_at)
VALUES (%s, %s, %s, %s, %s, 'APPROVE', %s, %s) RETURNING id"""
FILL = (
    "UPDATE purchasing_approvalslot SET state = 'approved', decision_id = %s WHERE id = ANY(%s) AND state = 'waiting'"
)
NEXT_STEP = """
SELECT s.id, s.uuid, s.step_name, s.step_order, s.is_finance_review FROM purchasing_workflowstep s
WHERE s.workflow_template_id = %s AND s.step_order > %s ORDER BY s.step_order LIMIT 1"""
MOVE = "UPDATE purchasing_purchaserequest SET status = %s, current_step_id = %s, updated_at = %s WHERE id = %s"
OPEN = """
INSERT INTO purchasing_approvalslot (approval_id, request_id, step_id, team_id, role_id, user_id, state, created_at)
SELECT %s, %s, a.step_id, CASE WHEN a.role_id IS NULL THEN NULL ELSE %s END, a.role_id, a.user_id, 'waiting', %s
FROM purchasing_stepapprover a WHERE a.step_id = %s ORDER BY a.id"""
NEW_JOB = """
INSERT INTO core_job (id, organization_id, kind, key, payload, state, progress, counts, error, attempts, created_at,
  run_after)
VALUES (%s, %s, %s, %s, %s, 'PENDING', 0, '{}', '', 0, %s, %s) ON CONFLICT DO NOTHING"""

HEAD = "SELECT position, hash FROM core_audithead WHERE chain = %s FOR UPDATE"
NEW_ENTRY = """
INSERT INTO core_auditentry (chain, position, organization_id, user_id, entity_type, entity_id, action, old_values,
  new_values, ip_address, request_id, created_at, previous_hash, hash)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"""
MOVE_HEAD = "UPDATE core_audithead SET position = %s, hash = %s WHERE chain = %s"

# --- Orders


def orders_where(names):
    """The conditions of a list that is filtered by these."""
    return "o.organization_id = %(organization)s AND o.deleted_at IS NULL" + "".join(
        {
            "status": " AND o.status = %(status)s",
            "project_id": """ AND o.project_id = (
  SELECT id FROM purchasing_project WHERE organization_id = %(organization)s AND code = %(project_id)s)""",
        }[name]
        for name in names
    )


ORDERS_COUNT = "SELECT count(*) FROM purchasing_purchaseorder o WHERE {where}"
ORDERS_ROWS = """
SELECT o.id, o.po_number, o.type, o.status, p.code, c.external_id, o.vendor_name, o.vendor_contact_name,
  o.vendor_email, o.vendor_phone, o.subtotal, o.tax_amount, o.total_amount, o.line_items_count,
  u.id, u.first_name, u.last_name, u.role, s.id, s.first_name, s.last_name, o.submitted_at, o.created_at, o.updated_at
FROM (SELECT o.id FROM purchasing_purchaseorder o WHERE {where}
  ORDER BY o.created_at DESC, o.id DESC LIMIT %(size)s OFFSET %(start)s) page
JOIN purchasing_purchaseorder o ON o.id = page.id
JOIN purchasing_project p ON p.id = o.project_id JOIN purchasing_costcode c ON c.id = o.cost_code_id
JOIN core_user u ON u.id = o.created_by_id LEFT JOIN core_user s ON s.id = o.submitted_by_id
ORDER BY o.created_at DESC, o.id DESC"""

ORDER = """
SELECT o.id, o.po_number, o.type, o.status, p.code, c.external_id, o.vendor_name, o.vendor_contact_name,
  o.vendor_email, o.vendor_phone, o.subtotal, o.tax_amount, o.total_amount, o.line_items_count,
  u.id, u.first_name, u.last_name, u.role, s.id, s.first_name, s.last_name, o.submitted_at, o.created_at, o.updated_at,
  v.code, o.vendor_address, o.description, o.ceiling_amount, o.released_amount, o.urgency_justification, r.uuid,
  a.id, a.first_name, a.last_name, o.approved_at, o.budget_overridden, o.rejected_at, o.rejection_reason,
  o.cancelled_at, o.cancellation_reason, o.closed_at, o.closing_reason, o.sent_at
FROM purchasing_purchaseorder o
JOIN purchasing_project p ON p.id = o.project_id JOIN purchasing_costcode c ON c.id = o.cost_code_id
JOIN core_user u ON u.id = o.created_by_id LEFT JOIN core_user s ON s.id = o.submitted_by_id
LEFT JOIN core_user a ON a.id = o.approved_by_id LEFT JOIN parties_vendor v ON v.id = o.vendor_id
LEFT JOIN purchasing_purchaserequest r ON r.id = o.request_id
WHERE o.id = %s AND o.organization_id = %s AND o.deleted_at IS NULL"""
LINES = """
SELECT id, line_number, description, quantity, unit, unit_price, category, tax_code, tax_rate, tax_amount, line_total
FROM purchasing_orderline WHERE order_id = %s ORDER BY line_number"""
FILES = """
SELECT f.id, s.filename, s.size, s.content_type, s.scan_state, u.first_name, u.last_name, f.created_at
FROM purchasing_orderfile f JOIN core_storedfile s ON s.id = f.file_id LEFT JOIN core_user u ON u.id = s.uploader_id
WHERE f.order_id = %s ORDER BY f.created_at, f.id"""
ASKED = """
SELECT s.id, s.state, d.action, d.comment, s.created_at, d.created_at,
  u.id, u.first_name, u.last_name, u.role, a.id, a.first_name, a.last_name, a.role, i.id, i.first_name, i.last_name
FROM purchasing_approvalslot s JOIN core_user u ON u.id = s.user_id
LEFT JOIN purchasing_decision d ON d.id = s.decision_id
LEFT JOIN core_user a ON a.id = d.approver_id LEFT JOIN core_user i ON i.id = d.in_place_of_id
WHERE s.order_id = %s ORDER BY s.id"""
NOTES = """
SELECT n.id, n.text, u.id, u.first_name, u.last_name, n.created_at
FROM purchasing_ordernote n JOIN core_user u ON u.id = n.author_id
WHERE n.order_id = %s ORDER BY n.created_at, n.id"""
RELEASES = """
SELECT r.id, r.amount, r.note, u.id, u.first_name, u.last_name, r.created_at
FROM purchasing_orderrelease r JOIN core_user u ON u.id = r.released_by_id
WHERE r.order_id = %s ORDER BY r.created_at, r.id"""

ORDER_FOR = """
SELECT p.id, c.id FROM purchasing_project p JOIN purchasing_costcode c ON c.project_id = p.id
WHERE p.organization_id = %s AND p.code = %s AND c.external_id = %s AND EXISTS (
  SELECT 1 FROM purchasing_projectmember m WHERE m.project_id = p.id AND m.user_id = %s)"""
VENDOR = """
SELECT v.id, v.code FROM parties_vendor v JOIN parties_party p ON p.id = v.party_id
WHERE p.organization_id = %s AND lower(p.name) = lower(%s) AND v.active LIMIT 2"""
RATES = "SELECT code, rate FROM core_taxcode WHERE organization_id = %s AND active"
NEW_ORDER = """
INSERT INTO purchasing_purchaseorder (organization_id, po_number, type, status, project_id, cost_code_id, vendor_id,
  vendor_name, vendor_contact_name, vendor_email, vendor_phone, vendor_address, description, subtotal, tax_amount,
  total_amount, line_items_count, released_amount, urgency_justification, search_text, created_by_id,
  budget_overridden, rejection_reason, cancellation_reason, closing_reason, created_at, updated_at)
VALUES (%s, %s, %s, 'draft', %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, 0, '', %s, %s, false, '', '', '',
  %s, %s) RETURNING id"""
NEW_LINES = """
INSERT INTO purchasing_orderline (order_id, line_number, description, quantity, unit, unit_price, category, tax_code,
  tax_rate, net_amount, tax_amount, line_total)
SELECT %s, * FROM unnest(%s::int[], %s::text[], %s::numeric[], %s::text[], %s::numeric[], %s::text[], %s::text[],
  %s::numeric[], %s::numeric[], %s::numeric[], %s::numeric[])"""

LOCKED_ORDER = """
SELECT po_number, project_id, cost_code_id, coalesce(ceiling_amount, total_amount) FROM purchasing_purchaseorder
WHERE id = %s AND organization_id = %s AND status = 'submitted' AND deleted_at IS NULL FOR NO KEY UPDATE"""
ORDER_SLOT = """
SELECT id, approval_id FROM purchasing_approvalslot WHERE order_id = %s AND user_id = %s AND state = 'waiting'"""
LOCKED_CODE = """
SELECT budget - external - committed FROM purchasing_costcode WHERE id = %s FOR NO KEY UPDATE"""
NEW_ORDER_DECISION = """
INSERT INTO purchasing_decision (uuid, approval_id, order_id, approver_id, action, comment, created_at)
VALUES (%s, %s, %s, %s, 'APPROVE', %s, %s) RETURNING id"""
FILL_SLOT = "UPDATE purchasing_approvalslot SET state = 'approved', decision_id = %s WHERE id = %s"
END_APPROVAL = "UPDATE purchasing_approval SET ended_at = %s WHERE id = %s"
APPROVE_ORDER = """
UPDATE purchasing_purchaseorder SET status = 'approved', approved_by_id = %s, approved_at = %s, updated_at = %s
WHERE id = %s"""
NEW_LEDGER_ENTRY = """
INSERT INTO purchasing_ledgerentry (organization_id, project_id, cost_code_id, order_id, kind, amount, reason, user_id,
  created_at)
VALUES (%s, %s, %s, %s, 'committed', %s, 'approved', %s, %s)"""
COMMIT = "UPDATE purchasing_costcode SET committed = committed + %s WHERE id = %s"

# --- Customers


def customers_where(words):
    """The conditions of a list in which these words are searched: the names of their parameters."""
    return "c.organization_id = %(organization)s" + "".join(f" AND c.search_text LIKE %({word})s" for word in words)


CUSTOMERS_COUNT = "SELECT count(*) FROM parties_customer c WHERE {where}"
CUSTOMERS_ROWS = """
SELECT c.id, c.uuid, p.name, c.customer_type, c.title, c.first_name, c.last_name, c.company_name, p.email, p.phone,
  c.whatsapp, p.address, p.tax_number, c.nationality, c.birthdate, c.birth_place, c.gender, c.passport_number,
  c.passport_issue_date, c.passport_expiry_date, c.notify_steps_due, c.notify_documents_expiring, c.active, c.owner_id,
  c.created_at, c.updated_at, p.country
FROM (SELECT c.id FROM parties_customer c WHERE {where} ORDER BY {order} LIMIT %(size)s OFFSET %(start)s) page
JOIN parties_customer c ON c.id = page.id JOIN parties_party p ON p.id = c.party_id ORDER BY {order}"""

# --- Cases


def cases_where(names, words):
    """The conditions of a list that is filtered by these, and in which these words are searched."""
    filters = {
        "status": " AND k.status = %(status)s",
        "product": " AND k.product_id = %(product)s",
        "overdue": """ AND k.status IN ('pending', 'processing') AND k.step_due_date IS NOT NULL
  AND (k.step_due_date < %(today)s OR k.due_date < %(today)s)""",
    }
    found = """ AND (k.number LIKE %({word})s
  OR k.customer_id IN (
    SELECT id FROM parties_customer WHERE organization_id = %(organization)s AND sort_name LIKE %({word})s)
  OR k.product_id IN (
    SELECT id FROM cases_product WHERE organization_id = %(organization)s
    AND (upper(code) LIKE %({word})s OR upper(name) LIKE %({word})s)))"""
    chosen = "".join(filters[name] for name in names) + "".join(found.replace("{word}", word) for word in words)
    return "k.organization_id = %(organization)s" + chosen


CASE_COLUMNS = """
SELECT k.id, k.uuid, k.number, k.customer_id, p.name, k.product_id, o.name, k.doc_date, k.due_date, k.status, k.notes,
  k.owner_id, k.step_number, k.step_name, k.step_status, k.step_due_date, k.completed_at, k.created_at, k.updated_at"""
CASES_COUNT = "SELECT count(*) FROM cases_case k WHERE {where}"
CASES_ROWS = f"""{CASE_COLUMNS}
FROM (SELECT k.id FROM cases_case k WHERE {{where}}
  ORDER BY k.created_at DESC, k.id DESC LIMIT %(size)s OFFSET %(start)s) page
JOIN cases_case k ON k.id = page.id JOIN cases_product o ON o.id = k.product_id
JOIN parties_customer c ON c.id = k.customer_id JOIN parties_party p ON p.id = c.party_id
ORDER BY k.created_at DESC, k.id DESC"""

CASE = f"""{CASE_COLUMNS}, k.closing_reason, g.country
FROM cases_case k JOIN cases_product o ON o.id = k.product_id JOIN core_organization g ON g.id = k.organization_id
JOIN parties_customer c ON c.id = k.customer_id JOIN parties_party p ON p.id = c.party_id
WHERE k.id = %s AND k.organization_id = %s"""
STEPS_OF_CASE = """
SELECT s.id, s.number, s.name, s.status, s.start_date, s.due_date, s.completed_at, s.business_days, s.country,
  w.from_date
FROM cases_casestep s LEFT JOIN cases_steppause w ON w.step_id = s.id AND w.until_date IS NULL
WHERE s.case_id = %s ORDER BY s.number"""
DOCUMENTS = """
SELECT d.id, d.uuid, d.document_type_id, d.required, d.number, d.expiry_date, f.filename, f.size, f.content_type,
  f.scan_state, d.uploaded_at, d.checked_at, d.checked_by_id, t.name, t.has_number, t.has_expiry_date, d.details,
  d.min_validity_months, t.actions, d.created_at, d.updated_at
FROM cases_casedocument d JOIN cases_documenttype t ON t.id = d.document_type_id
LEFT JOIN core_storedfile f ON f.id = d.file_id
WHERE d.case_id = %s ORDER BY d.required DESC, d.position, d.id"""
TASKS_AFTER = """
SELECT duration, business_days, country FROM cases_producttask WHERE product_id = %s AND step > %s ORDER BY step"""
CLOSING_DAYS = "SELECT date FROM core_closingday WHERE organization_id = %s"

CASE_CUSTOMER = """
SELECT c.id, p.name, g.country FROM parties_customer c JOIN parties_party p ON p.id = c.party_id
JOIN core_organization g ON g.id = c.organization_id
WHERE c.id = %s AND c.organization_id = %s AND c.active"""
CASE_PRODUCT = "SELECT id, code, name FROM cases_product WHERE id = %s AND organization_id = %s AND active"
TASKS = """
SELECT id, step, name, duration, business_days, country, notify_days_before FROM cases_producttask
WHERE product_id = %s ORDER BY step"""
TAKEN = """
SELECT t.id, t.name, a.required, coalesce(a.min_validity_months, t.min_validity_months), t.has_number,
  t.has_expiry_date, t.actions
FROM cases_productdocument a JOIN cases_documenttype t ON t.id = a.document_type_id
WHERE a.product_id = %s ORDER BY a.required DESC, a.position"""
NEW_CASE = """
INSERT INTO cases_case (uuid, organization_id, number, customer_id, product_id, owner_id, doc_date, due_date, status,
  notes, step_number, step_name, step_status, step_due_date, closing_reason, created_at, updated_at)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, 'pending', %s, '', %s, %s) RETURNING id"""
NEW_DOCUMENTS = """
INSERT INTO cases_casedocument (organization_id, case_id, created_at, updated_at, uuid, document_type_id, required,
  position, min_validity_months, number, details)
SELECT %s, %s, %s::timestamptz, %s::timestamptz, *, '', ''
FROM unnest(%s::uuid[], %s::bigint[], %s::boolean[], %s::smallint[], %s::smallint[]) RETURNING id"""
NEW_STEP = """
INSERT INTO cases_casestep (case_id, task_id, number, name, duration, business_days, country, notify_days_before,
  status, start_date, due_date, created_at)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, 'pending', %s, %s, %s) RETURNING id"""
