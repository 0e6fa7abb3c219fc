"""Hook actions of documents: what each takes, from where, and when it is refused."""

from datetime import date

import pytest
from django.core import mail
from django.utils import timezone

from bureau.cases.actions import ACTIONS, run_action
from bureau.cases.models import CaseDocument, CaseLink
from bureau.cases.selectors.documents import visible_document
from bureau.cases.services.cases import force_close_case
from bureau.cases.services.documents import open_document, set_checked
from bureau.core.models import AuditEntry, Job, ScanState
from bureau.kit.errors import BusinessRule, Forbidden, Invalid, NotFound, WrongState
from tests.core.samples import pdf_bytes
from tests.factories.cases import fill, make_agency, make_case
from tests.factories.parties import make_customer
from tests.factories.products import make_document_type, make_product

pytestmark = pytest.mark.django_db
FAR = date(2099, 1, 1)


@pytest.fixture(autouse=True)
def _own_storage(settings, tmp_path):
    settings.MEDIA_ROOT = str(tmp_path)


@pytest.fixture
def agency():
    return make_agency(required=1, optional=0)


def offering(case, *names, **fields) -> CaseDocument:
    """The first document of a case, whose type offers these actions."""
    document = visible_document(case.owner, case.documents.first().pk)
    kind = document.document_type
    for name, value in {"actions": list(names), **fields}.items():
        setattr(kind, name, value)
    kind.save()
    return document


def run(actor, document, name):
    return run_action(actor=actor, document=visible_document(actor, document.pk), name=name, now=timezone.now())


def test_built_in_actions_are_registered_with_what_their_button_says():
    assert {name: str(action.label) for name, action in ACTIONS.items()} == {
        "use-previous": "Use the previous one",
        "fill-from-customer": "Fill from the customer",
        "ask-customer": "Ask the customer",
    }


@pytest.mark.parametrize("name", ["use-previous", "nothing-like-that", "__class__"])
def test_action_that_is_unknown_or_not_offered_is_not_there(agency, name):
    document = offering(make_case(agency), "ask-customer")
    with pytest.raises(NotFound):
        run(agency.member, document, name)


def test_name_that_no_code_knows_is_not_there_though_a_type_has_it(agency):
    document = offering(make_case(agency), "gone")
    with pytest.raises(NotFound):
        run(agency.member, document, "gone")


@pytest.mark.parametrize("name", list(ACTIONS))
def test_nothing_is_done_in_a_completed_case(agency, name):
    case = make_case(agency)
    document = offering(case, name)
    force_close_case(actor=agency.staff, case=case, reason="Done elsewhere", now=timezone.now())
    with pytest.raises(WrongState):
        run(agency.member, document, name)


def test_previous_document_is_taken_with_its_data(agency):
    earlier = fill(make_case(agency).documents.first(), actor=agency.member, number="OLD", expiry=FAR)
    newer = fill(make_case(agency).documents.first(), actor=agency.member, number="C01X", expiry=FAR)
    set_checked(actor=agency.member, document=newer, checked=True, now=timezone.now())
    document = offering(make_case(agency), "use-previous", has_number=True, has_expiry_date=True)
    taken = run(agency.member, document, "use-previous")
    assert (taken.number, taken.expiry_date, taken.complete) == ("C01X", FAR, True)
    assert taken.file.filename == newer.file.filename
    assert taken.checked_at is None, "somebody looks at it for this case"
    assert open_document(actor=agency.member, document=taken, now=timezone.now()).read() == pdf_bytes()
    assert earlier.file_id != taken.file_id
    assert AuditEntry.objects.filter(action="document_uploaded", entity_id=str(document.case_id)).exists()


DOES_NOT_FIT = ["short", "expired", "infected", "no file", "no number", "type", "customer", "unseen"]


@pytest.mark.parametrize("wrong", DOES_NOT_FIT)
def test_document_that_does_not_fit_is_not_taken(agency, wrong):
    actor = agency.other if wrong == "unseen" else agency.member
    case = make_case(agency, actor=agency.staff, owner=actor)
    document = offering(case, "use-previous", has_number=True, has_expiry_date=True)
    CaseDocument.objects.filter(pk=document.pk).update(min_validity_months=6)
    options = {}
    if wrong == "customer":
        options["customer"] = make_customer(agency.organization, owner=agency.member)
    if wrong == "type":
        options["product"] = make_product(agency.organization, required=1, optional=0)
    previous = make_case(agency, **options).documents.first()
    if wrong != "no file":
        days = {"short": case.due_date, "expired": date(2020, 1, 1)}
        number = "" if wrong == "no number" else "X1"
        previous = fill(previous, actor=agency.member, number=number, expiry=days.get(wrong, FAR))
    if wrong == "infected":
        previous.file.scan_state = ScanState.INFECTED
        previous.file.save()
    with pytest.raises(BusinessRule, match="Upload a new one"):
        run(actor, document, "use-previous")
    assert CaseDocument.objects.get(pk=document.pk).file is None


def test_older_document_is_taken_where_the_newest_is_not_valid_long_enough(agency):
    fill(make_case(agency).documents.first(), actor=agency.member, number="GOOD", expiry=FAR)
    fill(make_case(agency).documents.first(), actor=agency.member, number="SHORT", expiry=date(2020, 1, 1))
    document = offering(make_case(agency), "use-previous")
    assert run(agency.member, document, "use-previous").number == "GOOD"


def test_number_and_expiry_date_come_from_the_passport(agency):
    agency.customer.passport_number, agency.customer.passport_expiry_date = "C01X0006H", FAR
    agency.customer.save()
    document = offering(make_case(agency), "fill-from-customer")
    filled = run(agency.member, document, "fill-from-customer")
    assert (filled.number, filled.expiry_date, filled.file) == ("C01X0006H", FAR, None)


def test_what_the_record_does_not_say_stays(agency):
    document = offering(make_case(agency), "fill-from-customer")
    with pytest.raises(BusinessRule, match="no passport data"):
        run(agency.member, document, "fill-from-customer")
    agency.customer.passport_number = "C01X0006H"
    agency.customer.save()
    CaseDocument.objects.filter(pk=document.pk).update(expiry_date=FAR, number="typed")
    filled = run(agency.member, document, "fill-from-customer")
    assert (filled.number, filled.expiry_date) == ("C01X0006H", FAR)


def test_passport_is_not_shown_to_who_does_not_see_the_customer(agency):
    agency.customer.passport_number = "C01X0006H"
    agency.customer.save()
    case = make_case(agency, actor=agency.staff, owner=agency.other)
    document = offering(case, "fill-from-customer")
    with pytest.raises(Forbidden):
        run(agency.other, document, "fill-from-customer")
    assert CaseDocument.objects.get(pk=document.pk).number == ""


def test_customer_is_asked_by_a_link(agency):
    agency.customer.party.email = "jane@example.com"
    agency.customer.party.save()
    document = offering(make_case(agency), "ask-customer")
    asked = run(agency.member, document, "ask-customer")
    assert asked.pk == document.pk
    link = CaseLink.objects.get(case=document.case)
    assert Job.objects.filter(kind="send_case_link", payload={"link": link.pk}).exists()


def test_customer_without_an_address_is_not_asked(agency):
    document = offering(make_case(agency), "ask-customer")
    agency.customer.party.email = ""
    agency.customer.party.save()
    with pytest.raises(Invalid):
        run(agency.member, document, "ask-customer")
    assert not CaseLink.objects.exists()
    assert not mail.outbox


def test_type_can_offer_an_action_that_there_is(agency):
    kind = make_document_type(agency.organization, actions=["ask-customer"])
    assert kind.actions == ["ask-customer"]
