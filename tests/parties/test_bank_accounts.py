"""Where a vendor is paid changes only by two people."""

from datetime import UTC, datetime

import pytest

from bureau.accounts.permissions import SYSTEM
from bureau.core.models import AuditEntry
from bureau.kit.errors import Conflict, Forbidden, Invalid, WrongState
from bureau.parties.models import AccountState, BankAccount
from bureau.parties.selectors import vendors as selectors
from bureau.parties.services import vendors as services
from tests.factories.accounts import make_organization, make_user

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 10, 9, 30, tzinfo=UTC)
IBAN, OTHER = "DE89370400440532013000", "GB82WEST12345698765432"


@pytest.fixture
def organization():
    return make_organization()


@pytest.fixture
def staff(organization):
    return make_user(organization, role="staff")


@pytest.fixture
def admin(organization):
    return make_user(organization, role="admin")


@pytest.fixture
def vendor(staff):
    return services.create_vendor(actor=staff, name="ABC Supply Co.", now=NOW)


def propose(actor, vendor, iban=IBAN, **options):
    return services.propose_account(actor=actor, vendor=vendor, iban=iban, now=NOW, **options)


def confirm(actor, account):
    return services.confirm_account(actor=actor, account=account, now=NOW)


def test_account_is_good_once_a_second_person_confirmed_it(staff, admin, vendor):
    account = propose(staff, vendor, "de89 3704 0044 0532 0130 00")
    assert (account.iban, selectors.confirmed_account(vendor)) == (IBAN, None)
    with pytest.raises(Forbidden):
        confirm(staff, account)
    confirm(admin, account)
    assert selectors.confirmed_account(vendor) == account
    with pytest.raises(WrongState):
        confirm(admin, account)


def test_confirmed_account_supersedes_the_former_and_the_log_keeps_four_digits(staff, admin, vendor):
    confirm(admin, propose(staff, vendor))
    second = propose(admin, vendor, OTHER, reason="Called the number that we know")
    confirm(staff, second)
    assert selectors.confirmed_account(vendor) == second
    states = BankAccount.objects.filter(vendor=vendor).order_by("pk").values_list("state", flat=True)
    assert list(states) == [AccountState.SUPERSEDED, AccountState.CONFIRMED]
    entry = AuditEntry.objects.filter(entity_id=str(vendor.pk), action="account_confirmed").latest("position")
    assert (entry.old_values, entry.new_values) == ({"account": "•••• 3000"}, {"account": "•••• 5432"})
    everything = str(list(AuditEntry.objects.values_list("old_values", "new_values")))
    assert IBAN not in everything
    assert OTHER not in everything


def test_one_proposal_waits_at_a_time_and_its_proposer_may_take_it_back(staff, admin, vendor):
    account = propose(staff, vendor)
    assert list(selectors.accounts_awaiting(admin)) == [account]
    with pytest.raises(Conflict):
        propose(admin, vendor, OTHER)
    services.refuse_account(actor=staff, account=account, now=NOW)
    with pytest.raises(WrongState):
        confirm(admin, account)
    confirm(staff, propose(admin, vendor, OTHER))
    with pytest.raises(Conflict):
        propose(staff, vendor, OTHER)


@pytest.mark.parametrize(("field", "given"), [("iban", "DE89370400440532013001"), ("iban", ""), ("bic", "NOBANK")])
def test_account_that_cannot_be_is_refused_by_field(staff, vendor, field, given):
    with pytest.raises(Invalid) as refused:
        propose(staff, vendor, **{field: given})
    assert list(refused.value.fields) == [field]


def test_who_proposes_and_confirms(organization, staff, vendor):
    foreman, stranger = make_user(organization, role="foreman"), make_user(role="owner")
    account = propose(SYSTEM, vendor)
    for person in (foreman, stranger):
        with pytest.raises(Forbidden):
            propose(person, vendor, OTHER)
        with pytest.raises(Forbidden):
            confirm(person, account)
        with pytest.raises(Forbidden):
            services.refuse_account(actor=person, account=account, now=NOW)
    assert confirm(staff, account).decided_by == staff


def test_sole_trader_confirms_their_own_while_nobody_else_could():
    owner = make_user(role="owner")
    vendor = services.create_vendor(actor=owner, name="ABC", now=NOW)
    confirm(owner, propose(owner, vendor))
    make_user(owner.organization, role="staff")
    second = propose(owner, vendor, OTHER)
    with pytest.raises(Forbidden):
        confirm(owner, second)
    assert not selectors.account_actions(second, owner)["confirm"]
