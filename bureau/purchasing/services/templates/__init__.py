"""Forms and workflows of the teams: versioned, each version never changed.

A change makes a new version; requests keep the form version they were made with, and take the newest workflow version
at each submit. One form and one workflow of a team are in use; a new one takes over from the former.
"""

from bureau.purchasing.services.templates.forms import (
    CategoryInput,
    FieldInput,
    create_form_template,
    derived_field_id,
    revise_form_template,
)
from bureau.purchasing.services.templates.general import set_up_general_team
from bureau.purchasing.services.templates.versions import InvalidTemplate, use_template
from bureau.purchasing.services.templates.workflows import (
    ApproverInput,
    StepInput,
    create_workflow_template,
    revise_workflow_template,
)

__all__ = [
    "ApproverInput",
    "CategoryInput",
    "FieldInput",
    "InvalidTemplate",
    "StepInput",
    "create_form_template",
    "create_workflow_template",
    "derived_field_id",
    "revise_form_template",
    "revise_workflow_template",
    "set_up_general_team",
    "use_template",
]
