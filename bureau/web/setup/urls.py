from django.urls import path

from bureau.web.setup.views import buying, forms, home, organization, people, teams, workflows

urlpatterns = [
    path("setup/", home.overview, name="setup"),
    path("setup/organization/", organization.organization, name="setup-organization"),
    path("setup/organization/logo/", organization.logo, name="setup-logo"),
    path("setup/buying/", buying.buying, name="setup-buying"),
    path("setup/tax-codes/", buying.tax_codes, name="setup-tax-codes"),
    path("setup/people/", people.people, name="setup-users"),
    path("setup/people/new/", people.new, name="setup-user-new"),
    path("setup/people/<uuid:uuid>/", people.person, name="setup-user"),
    path("setup/people/<uuid:uuid>/deactivate/", people.deactivate, name="setup-user-deactivate"),
    path("setup/people/<uuid:uuid>/activate/", people.activate, name="setup-user-activate"),
    path("setup/people/<uuid:uuid>/send-link/", people.send_link, name="setup-user-link"),
    path("setup/people/<uuid:uuid>/password/", people.password, name="setup-user-password"),
    path("setup/people/<uuid:uuid>/teams/", people.memberships, name="setup-user-teams"),
    path("setup/teams/", teams.teams, name="setup-teams"),
    path("setup/teams/new/", teams.new, name="setup-team-new"),
    path("setup/teams/<uuid:uuid>/", teams.team, name="setup-team"),
    path("setup/teams/<uuid:uuid>/members/", teams.members, name="setup-team-members"),
    path("setup/forms/", forms.forms, name="setup-forms"),
    path("setup/forms/new/", forms.new, name="setup-form-new"),
    path("setup/forms/<uuid:uuid>/", forms.form, name="setup-form"),
    path("setup/forms/<uuid:uuid>/use/", forms.use, name="setup-form-use"),
    path("setup/workflows/", workflows.workflows, name="setup-workflows"),
    path("setup/workflows/new/", workflows.new, name="setup-workflow-new"),
    path("setup/workflows/<uuid:uuid>/", workflows.workflow, name="setup-workflow"),
    path("setup/workflows/<uuid:uuid>/use/", workflows.use, name="setup-workflow-use"),
]
