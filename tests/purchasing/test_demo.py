"""The demo data: what everybody who tries the product, and every example in the documents, relies on."""

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from bureau.accounts.models import AccessScope
from bureau.core import audit
from bureau.core.models import Job, User
from bureau.purchasing.models import FormTemplate, PurchaseRequest, WorkflowTemplate
from bureau.purchasing.selectors import requests as selectors
from bureau.purchasing.states import RequestStatus
from tests.factories.accounts import make_user

pytestmark = pytest.mark.django_db


def test_demo_data_is_what_the_documents_promise(settings, tmp_path):
    settings.MEDIA_ROOT = str(tmp_path)
    call_command("demo", verbosity=0)
    people = {user.username: user for user in User.objects.select_related("organization")}
    assert {name: user.role for name, user in people.items()} == {
        "admin": "admin", "staff": "staff", "foreman": "foreman", "super": "super", "pm": "pm", "requester": "member",
        "manager": "member", "director": "member", "finance": "member", "owner": "owner", "owner2": "owner",
    }  # fmt: skip
    assert [user.username for user in people.values() if user.is_superuser] == ["admin"]
    assert all(user.check_password("bureau-demo") for user in (people["admin"], people["owner2"]))
    assert {name: people[name].authorization_limit for name in ("foreman", "super", "pm", "admin")} == {
        "foreman": 5000, "super": 25000, "pm": 100000, "admin": None,
    }  # fmt: skip
    assert len({people[name].organization for name in ("admin", "owner", "owner2")}) == 3
    assert people["finance"].organization.name == "Northwind Builders"

    scopes = AccessScope.objects.filter(team__name="Marketing").values_list("user__username", "role__code")
    assert sorted(scopes) == [
        ("director", "DIRECTOR"), ("finance", "FINANCE_REVIEWER"), ("manager", "MANAGER"), ("requester", "INITIATOR"),
    ]  # fmt: skip
    form = FormTemplate.objects.get(team__name="Marketing", in_use=True)
    assert (form.name, form.version_number) == ("Marketing Form", 1)
    assert list(form.fields.values_list("field_id", "field_type", "required")) == [
        ("budget_amount", "NUMBER", True), ("campaign", "TEXT", False),
    ]  # fmt: skip
    assert not form.attachment_categories.filter(required=True).exists()
    steps = {
        workflow.team.name: [step.step_name for step in workflow.steps.all()]
        for workflow in WorkflowTemplate.objects.filter(team__organization__name="Northwind Builders")
    }
    assert steps == {
        "Marketing": ["Manager Approval", "Director Approval", "Finance Review"],
        "General": ["Manager Approval", "Finance Review"],
    }

    requests = PurchaseRequest.objects.all()
    assert requests.count() >= 60
    assert set(requests.values_list("status", flat=True)) == {*RequestStatus} - {RequestStatus.FULLY_APPROVED}
    assert selectors.requests_awaiting(people["manager"]).exists()
    assert selectors.requests_awaiting(people["director"]).exists()
    assert selectors.finance_inbox(people["finance"]).exists()
    assert not Job.objects.filter(kind="tell_about_request").exists()
    assert list(audit.breaks()) == []


def test_demo_data_goes_into_an_empty_database_only():
    make_user()
    with pytest.raises(CommandError, match="empty"):
        call_command("demo", verbosity=0)
    assert User.objects.count() == 1


def test_weak_demo_password_is_refused_with_the_setting_named(settings):
    settings.DEMO_PASSWORD = "1234"
    with pytest.raises(CommandError, match="DEMO_PASSWORD"):
        call_command("demo", verbosity=0)
    assert not User.objects.exists()
