"""Every address of the API. Routes end in a slash; callers may leave it out (middleware.py)."""

from django.urls import path

from bureau.api.agency import customers, document_types, imports, products
from bureau.api.biz import bills, clients, users
from bureau.api.p2p import requests as simple_requests
from bureau.api.po import additions, decisions, documents, integrations, orders, projects, receipts
from bureau.api.po import audit as po_audit
from bureau.api.po import auth as po_auth
from bureau.api.po import users as po_users
from bureau.api.prs import conversion, me, requests, teams, templates
from bureau.api.shared import auth, documentation, jobs, root

app_name = "api"

p2p = [
    path("purchases/requests/", simple_requests.SimpleRequestList.as_view(), name="simple-requests"),
    path("purchases/requests/<int:pk>/", simple_requests.SimpleRequestItem.as_view(), name="simple-request"),
]
prs = [
    path("prs/requests/", requests.RequestList.as_view(), name="requests"),
    path("prs/requests/inbox/", requests.Inbox.as_view(), name="inbox"),
    path("prs/requests/finance-inbox/", requests.FinanceInbox.as_view(), name="finance-inbox"),
    path("prs/requests/<uuid:request_id>/", requests.RequestRecord.as_view(), name="request"),
    path("prs/requests/<uuid:request_id>/submit/", requests.RequestSubmit.as_view(), name="request-submit"),
    path("prs/requests/<uuid:request_id>/approve/", requests.RequestApprove.as_view(), name="request-approve"),
    path("prs/requests/<uuid:request_id>/reject/", requests.RequestReject.as_view(), name="request-reject"),
    path("prs/requests/<uuid:request_id>/complete/", requests.RequestComplete.as_view(), name="request-complete"),
    path("prs/requests/<uuid:request_id>/create-order/", conversion.CreateOrder.as_view(), name="request-create-order"),
    path("prs/requests/<uuid:request_id>/attachments/", requests.AttachmentList.as_view(), name="request-attachments"),
    path("prs/attachments/<uuid:attachment_id>/", requests.AttachmentItem.as_view(), name="attachment"),
    path(
        "prs/attachments/<uuid:attachment_id>/download/",
        requests.AttachmentDownload.as_view(),
        name="attachment-download",
    ),
    path("prs/form-templates/", templates.FormTemplateList.as_view(), name="form-templates"),
    path("prs/form-templates/<uuid:template_id>/", templates.FormTemplateItem.as_view(), name="form-template"),
    path("prs/workflows/", templates.WorkflowList.as_view(), name="workflows"),
    path("prs/workflows/<uuid:template_id>/", templates.WorkflowItem.as_view(), name="workflow"),
]
po = [
    path("v1/purchase-orders/", orders.OrderList.as_view(), name="orders"),
    path("v1/purchase-orders/<int:pk>/", orders.OrderRecord.as_view(), name="order"),
    path("v1/purchase-orders/<int:pk>/submit/", decisions.OrderSubmit.as_view(), name="order-submit"),
    path("v1/purchase-orders/<int:pk>/approve/", decisions.OrderApprove.as_view(), name="order-approve"),
    path("v1/purchase-orders/<int:pk>/reject/", decisions.OrderReject.as_view(), name="order-reject"),
    path("v1/purchase-orders/<int:pk>/cancel/", decisions.OrderCancel.as_view(), name="order-cancel"),
    path("v1/purchase-orders/<int:pk>/close/", decisions.OrderClose.as_view(), name="order-close"),
    path("v1/purchase-orders/<int:pk>/releases/", additions.ReleaseList.as_view(), name="order-releases"),
    path("v1/purchase-orders/<int:pk>/receipts/", receipts.ReceiptList.as_view(), name="order-receipts"),
    path("v1/purchase-orders/<int:pk>/notes/", additions.NoteList.as_view(), name="order-notes"),
    path("v1/purchase-orders/<int:pk>/files/", additions.FileList.as_view(), name="order-files"),
    path("v1/purchase-orders/<int:pk>/pdf/", documents.OrderPdf.as_view(), name="order-pdf"),
    path("v1/purchase-orders/<int:pk>/send/", documents.OrderSend.as_view(), name="order-send"),
    path("v1/files/<int:pk>/", additions.FileItem.as_view(), name="order-file"),
    path("v1/files/<int:pk>/download/", additions.FileDownload.as_view(), name="order-file-download"),
    path("v1/projects/", projects.ProjectList.as_view(), name="projects"),
    path("v1/projects/<path:project_id>/cost-codes/", projects.CostCodeList.as_view(), name="cost-codes"),
    path("v1/vendors/", projects.VendorList.as_view(), name="vendors"),
    path("v1/audit-logs/", po_audit.AuditLog.as_view(), name="audit-logs"),
    path("v1/integrations/<str:name>/sync/", integrations.IntegrationSync.as_view(), name="integration-sync"),
]
agency = [
    path("imports/", imports.ImportList.as_view(), name="imports"),
    path("imports/<int:pk>/", imports.ImportItem.as_view(), name="import"),
    path("imports/<int:pk>/check/", imports.ImportCheck.as_view(), name="import-check"),
    path("imports/<int:pk>/run/", imports.ImportRun.as_view(), name="import-run"),
    path("imports/<int:pk>/rows/", imports.ImportRowList.as_view(), name="import-rows"),
    path("imports/<int:pk>/report/", imports.ImportReport.as_view(), name="import-report"),
    path("customers/", customers.CustomerList.as_view(), name="customers"),
    path("customers/search/", customers.CustomerSearch.as_view(), name="customer-search"),
    path("customers/quick-create/", customers.CustomerQuickCreate.as_view(), name="customer-quick-create"),
    path("customers/bulk-delete/", customers.CustomerBulkDelete.as_view(), name="customer-bulk-delete"),
    path("customers/duplicates/", customers.CustomerDuplicates.as_view(), name="customer-duplicates"),
    path("customers/<int:pk>/", customers.CustomerItem.as_view(), name="customer"),
    path("customers/<int:pk>/toggle-active/", customers.CustomerToggleActive.as_view(), name="customer-toggle-active"),
    path("products/", products.ProductList.as_view(), name="products"),
    path("products/quick-create/", products.ProductQuickCreate.as_view(), name="product-quick-create"),
    path("products/bulk-delete/", products.ProductBulkDelete.as_view(), name="product-bulk-delete"),
    path("products/get_product_by_id/<int:pk>/", products.ProductById.as_view(), name="product-by-id"),
    path(
        "products/get_products_by_product_type/<path:product_type>/",
        products.ProductsByType.as_view(),
        name="products-by-type",
    ),
    path("products/<int:pk>/", products.ProductItem.as_view(), name="product"),
    path("products/<int:pk>/can-delete/", products.ProductUse.as_view(), name="product-can-delete"),
    path("document-types/", document_types.DocumentTypeList.as_view(), name="document-types"),
    path("document-types/<int:pk>/", document_types.DocumentTypeItem.as_view(), name="document-type"),
    path(
        "document-types/<int:pk>/can-delete/",
        document_types.DocumentTypeCanDelete.as_view(),
        name="document-type-can-delete",
    ),
    path(
        "compute/doc_workflow_due_date/<int:task_id>/<str:start_date>/",
        products.TaskDueDate.as_view(),
        name="task-due-date",
    ),
]
biz = [
    path("clients/", clients.ClientList.as_view(), name="clients"),
    path("clients/<int:pk>/", clients.ClientItem.as_view(), name="client"),
    path("bills/", bills.BillList.as_view(), name="bills"),
    path("bills/<int:pk>/", bills.BillItem.as_view(), name="bill"),
    path("bills/<int:pk>/match/", bills.BillMatch.as_view(), name="bill-match"),
    path("bills/<int:pk>/approve/", bills.BillApprove.as_view(), name="bill-approve"),
    path("bills/<int:pk>/pay/", bills.BillPay.as_view(), name="bill-pay"),
    path("bills/<int:pk>/file/", bills.BillFileItem.as_view(), name="bill-file"),
]
people = [
    path("auth/token/", auth.TokenView.as_view(), name="token"),
    path("auth/token/refresh/", auth.TokenRefreshView.as_view(), name="token-refresh"),
    path("auth/token/verify/", auth.TokenVerifyView.as_view(), name="token-verify"),
    path("auth/logout/", auth.LogoutView.as_view(), name="logout"),
    path("auth/change-password/", auth.ChangePasswordView.as_view(), name="change-password"),
    path("auth/password-reset/", auth.PasswordResetView.as_view(), name="password-reset"),
    path("auth/password-reset/confirm/", auth.PasswordResetConfirmView.as_view(), name="password-reset-confirm"),
    path("auth/users/", users.UserList.as_view(), name="auth-users"),
    path("auth/users/me/", users.Profile.as_view(), name="auth-me"),
    path("auth/users/<int:pk>/", users.UserItem.as_view(), name="auth-user"),
    path("api-token-auth/", auth.ApiTokenAuthView.as_view(), name="api-token-auth"),
    path("session-auth/", auth.SessionAuthView.as_view(), name="session-auth"),
    path("session-auth/login/", auth.SessionLoginView.as_view(), name="session-login"),
    path("session-auth/logout/", auth.SessionLogoutView.as_view(), name="session-logout"),
    path("mock-auth-config/", auth.MockAuthConfigView.as_view(), name="mock-auth-config"),
    path("me/", me.Me.as_view(), name="me"),
    path("users/", me.UserList.as_view(), name="users"),
    path("prs/teams/", teams.TeamList.as_view(), name="teams"),
    path("prs/teams/<uuid:team_id>/", teams.TeamItem.as_view(), name="team"),
    path("prs/teams/<uuid:team_id>/members/", teams.MemberList.as_view(), name="team-members"),
    path("prs/teams/<uuid:team_id>/members/<uuid:scope_id>/", teams.MemberItem.as_view(), name="team-member"),
    path("prs/roles/", teams.RoleList.as_view(), name="roles"),
    path("v1/auth/login/", po_auth.LoginView.as_view(), name="po-login"),
    path("v1/auth/refresh/", po_auth.RefreshView.as_view(), name="po-refresh"),
    path("v1/auth/logout/", po_auth.LogoutView.as_view(), name="po-logout"),
    path("v1/users/", po_users.UserList.as_view(), name="po-users"),
    path("v1/users/me/", po_users.Me.as_view(), name="po-me"),
]
urlpatterns = [
    path("", root.RootView.as_view(), name="root"),
    path("health/", root.HealthView.as_view(), name="health"),
    path("country-codes/", root.CountryCodesView.as_view(), name="country-codes"),
    *people,
    *p2p,
    *prs,
    *agency,
    *biz,
    *po,
    path("schema/", documentation.SchemaView.as_view(), name="schema"),
    path("schema/swagger-ui/", documentation.SwaggerView.as_view(), name="swagger-ui"),
    path("schema/redoc/", documentation.RedocView.as_view(), name="redoc"),
    path("schema/<slug:dialect>/", documentation.SchemaView.as_view(), name="dialect-schema"),
    path("docs/", documentation.SwaggerView.as_view(), name="docs"),
    path("redoc/", documentation.RedocView.as_view(), name="docs-redoc"),
    path("tasks/<uuid:task_id>/", jobs.TaskStatus.as_view(), name="task"),
    path("jobs/", jobs.JobList.as_view(), name="jobs"),
    path("jobs/<uuid:job_id>/", jobs.JobDetail.as_view(), name="job"),
    path("jobs/<uuid:job_id>/stream/", jobs.JobStream.as_view(), name="job-stream"),
    path("<path:rest>", root.NothingHere.as_view(), name="nothing-here"),
]
