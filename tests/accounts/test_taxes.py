"""Tax codes of an organization: added, changed with a trace, never switched off while lines get them by themselves."""

from decimal import Decimal

import pytest
from django.utils import timezone

from bureau.accounts.services.taxes import create_tax_code, update_tax_code
from bureau.core.models import AuditEntry, TaxCode
from bureau.kit.errors import Forbidden, Invalid
from tests.factories.accounts import make_organization, make_user

pytestmark = pytest.mark.django_db
NOW = timezone.now()


@pytest.fixture
def admin():
    return make_user(make_organization(), role="admin")


def test_tax_code_is_added_in_capitals(admin):
    made = create_tax_code(
        actor=admin, organization=admin.organization, code="vat19", name="VAT", rate=Decimal("19"), now=NOW
    )
    assert (made.code, made.rate, made.active) == ("VAT19", Decimal(19), True)
    assert AuditEntry.objects.filter(entity_type="tax_code", action="created").count() == 1


@pytest.mark.parametrize(
    ("values", "field"),
    [({"code": "GST2"}, "code"), ({"code": "a b"}, "code"), ({"rate": Decimal(101)}, "rate"), ({"rate": None}, "rate")],
)
def test_unusable_tax_code_is_refused_at_its_field(admin, values, field):
    given = {"code": "NEW", "rate": Decimal(3), **values}
    with pytest.raises(Invalid) as refusal:
        create_tax_code(actor=admin, organization=admin.organization, now=NOW, **given)
    assert list(refusal.value.fields) == [field]


def test_changed_rate_is_in_the_audit_log(admin):
    tax_code = TaxCode.objects.get(organization=admin.organization, code="GST2")
    update_tax_code(actor=admin, tax_code=tax_code, changes={"rate": Decimal(6), "name": tax_code.name}, now=NOW)
    entry = AuditEntry.objects.get(entity_type="tax_code", action="updated")
    assert (entry.old_values, entry.new_values) == ({"rate": "5.00"}, {"rate": "6"})


def test_the_usual_tax_code_stays_active(admin):
    usual = TaxCode.objects.get(organization=admin.organization, code=admin.organization.default_tax_code)
    with pytest.raises(Invalid) as refusal:
        update_tax_code(actor=admin, tax_code=usual, changes={"active": False}, now=NOW)
    assert list(refusal.value.fields) == ["active"]
    other = TaxCode.objects.get(organization=admin.organization, code="GST2")
    assert not update_tax_code(actor=admin, tax_code=other, changes={"active": False}, now=NOW).active


@pytest.mark.parametrize("role", ["member", "pm", "staff"])
def test_others_change_no_tax_codes(admin, role):
    other = make_user(admin.organization, role=role)
    tax_code = TaxCode.objects.get(organization=admin.organization, code="GST2")
    with pytest.raises(Forbidden):
        update_tax_code(actor=other, tax_code=tax_code, changes={"rate": Decimal(0)}, now=NOW)
    with pytest.raises(Forbidden):
        create_tax_code(actor=other, organization=admin.organization, code="X", rate=Decimal(0), now=NOW)
