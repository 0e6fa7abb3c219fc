from django.urls import path

from bureau.web.projects.views import codes, editing, projects

# A code may hold any character: an accounting system has given it. The longer addresses come first.
urlpatterns = [
    path("projects/", projects.project_list, name="projects"),
    path("projects/new/", editing.new, name="project-new"),
    path("projects/<path:code>/codes/new/", codes.new, name="cost-code-new"),
    path("projects/<path:code>/codes/<path:external_id>/edit/", codes.edit, name="cost-code-edit"),
    path("projects/<path:code>/codes/<path:external_id>/", codes.cost_code, name="cost-code"),
    path("projects/<path:code>/edit/", editing.edit, name="project-edit"),
    path("projects/<path:code>/budget/", editing.budget, name="project-budget"),
    path("projects/<path:code>/members/", editing.members, name="project-members"),
    path("projects/<path:code>/", projects.project, name="project"),
]
