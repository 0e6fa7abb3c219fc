"""The SQL of the bare handler (bare.py): what each operation needs, and nothing besides."""

USER = """
SELECT u.id, u.organization_id FROM accounts_refreshfamily f JOIN core_user u ON u.id = f.user_id
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
INSERT INTO core_job (id, organization_id, kind, payload, state, progress, counts, error, attempts, created_at,
  run_after)
VALUES (%s, %s, 'tell_about_request', %s, 'PENDING', 0, '{}', '', 0, %s, %s)"""

HEAD = "SELECT position, hash FROM core_audithead WHERE chain = %s FOR UPDATE"
NEW_ENTRY = """
INSERT INTO core_auditentry (chain, position, organization_id, user_id, entity_type, entity_id, action, old_values,
  new_values, ip_address, request_id, created_at, previous_hash, hash)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"""
MOVE_HEAD = "UPDATE core_audithead SET position = %s, hash = %s WHERE chain = %s"
