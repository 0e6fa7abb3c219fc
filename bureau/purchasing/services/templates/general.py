"""What the General team of a new organization starts with."""

from datetime import datetime

from bureau.accounts.models import Role, Team
from bureau.core import audit
from bureau.core.models import Organization
from bureau.purchasing.services.templates.forms import add_form, described_form
from bureau.purchasing.services.templates.workflows import StepInput, add_workflow, described_workflow


def set_up_general_team(*, organization: Organization, sole_trader: bool, now: datetime) -> None:
    """What the General team of a new organization starts with: a form without fields, and a workflow.

    A sole trader's workflow has no steps: there is nobody else to ask.
    """
    team = Team.objects.get(organization=organization, is_general=True)
    form = add_form(team, name="General Form", fields=[], attachment_categories=[], now=now)
    steps: list[StepInput] = [
        {"step_name": "Manager Approval", "approvers": [{"role": Role.MANAGER}]},
        {"step_name": "Finance Review", "is_finance_review": True},
    ]
    workflow = add_workflow(team, name="General Workflow", steps=[] if sole_trader else steps, now=now)
    audit.record(form, "created", actor=None, now=now, new=described_form(form))
    audit.record(workflow, "created", actor=None, now=now, new=described_workflow(workflow))
