"""Every address of the API. Routes end in a slash; callers may leave it out (middleware.py)."""

from django.urls import path

from bureau.api.p2p import requests as simple_requests
from bureau.api.prs import requests, templates
from bureau.api.shared import documentation, jobs

app_name = "api"

p2p = [
    path("purchases/requests/", simple_requests.SimpleRequestList.as_view(), name="simple-requests"),
    path("purchases/requests/<int:pk>/", simple_requests.SimpleRequestItem.as_view(), name="simple-request"),
]
prs = [
    path("prs/requests/", requests.RequestList.as_view(), name="requests"),
    path("prs/requests/inbox/", requests.Inbox.as_view(), name="inbox"),
    path("prs/requests/finance-inbox/", requests.FinanceInbox.as_view(), name="finance-inbox"),
    path("prs/requests/<uuid:request_id>/", requests.RequestItem.as_view(), name="request"),
    path("prs/requests/<uuid:request_id>/submit/", requests.RequestSubmit.as_view(), name="request-submit"),
    path("prs/requests/<uuid:request_id>/approve/", requests.RequestApprove.as_view(), name="request-approve"),
    path("prs/requests/<uuid:request_id>/reject/", requests.RequestReject.as_view(), name="request-reject"),
    path("prs/requests/<uuid:request_id>/complete/", requests.RequestComplete.as_view(), name="request-complete"),
    path("prs/requests/<uuid:request_id>/attachments/", requests.AttachmentList.as_view(), name="request-attachments"),
    path("prs/attachments/<uuid:attachment_id>/", requests.AttachmentItem.as_view(), name="attachment"),
    path("prs/attachments/<uuid:attachment_id>/download/", requests.AttachmentDownload.as_view(), name="attachment-download"),
    path("prs/form-templates/", templates.FormTemplateList.as_view(), name="form-templates"),
    path("prs/form-templates/<uuid:template_id>/", templates.FormTemplateItem.as_view(), name="form-template"),
    path("prs/workflows/", templates.WorkflowList.as_view(), name="workflows"),
    path("prs/workflows/<uuid:template_id>/", templates.WorkflowItem.as_view(), name="workflow"),
]
urlpatterns = [
    *p2p,
    *prs,
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
]
