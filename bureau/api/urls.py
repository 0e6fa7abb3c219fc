"""Every address of the API. Routes end in a slash; callers may leave it out (middleware.py)."""

from django.urls import path

from bureau.api.shared import documentation, jobs

app_name = "api"
urlpatterns = [
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
