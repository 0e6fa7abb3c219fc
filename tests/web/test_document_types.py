"""Document types in the pages: what makes a document complete, and what else it offers."""

import pytest

from bureau.cases.actions import ACTIONS
from bureau.cases.models import DocumentType
from tests.factories.accounts import make_user
from tests.factories.cases import make_agency
from tests.factories.products import make_document_type

pytestmark = pytest.mark.django_db
PASSPORT = {
    "name": "Passport", "description": "All pages", "has_number": "on", "has_expiry_date": "on",
    "min_validity_months": "6", "notify_days_before": "",
}  # fmt: skip


@pytest.fixture
def agency():
    return make_agency()


def text_of(answer) -> str:
    assert answer.status_code == 200
    return answer.content.decode()


def test_list_says_what_each_asks_for_and_where_it_is_used(agency, sign_in):
    make_document_type(agency.organization, "Passport", has_number=True, has_expiry_date=True, min_validity_months=6)
    browser = sign_in(agency.staff)
    html = text_of(browser.get("/products/documents/"))
    assert "number, expiry date" in html
    assert "6 months" in html
    used = {row.name: row.asked_by for row in browser.get("/products/documents/").context["page"]}
    assert used["Passport"] == 0
    assert sorted(used.values()) == [0, 1, 1, 1]
    assert [row.name for row in browser.get("/products/documents/?q=passp").context["page"]] == ["Passport"]
    exported = b"".join(browser.get("/products/documents/?q=passp&export=csv").streaming_content).decode("utf-8-sig")
    assert exported.splitlines()[1].startswith("Passport,")


def test_empty_list_teaches(sign_in):
    assert "No document types yet" in text_of(sign_in(make_user(role="owner")).get("/products/documents/"))


def test_type_is_added_and_changed(agency, sign_in):
    browser = sign_in(agency.staff)
    name = next(iter(ACTIONS))
    answer = browser.post("/products/documents/new/", {**PASSPORT, "actions": [name]})
    assert answer["Location"] == "/products/documents/"
    kind = DocumentType.objects.get(name="Passport", organization=agency.organization)
    assert (kind.has_number, kind.has_expiry_date, kind.min_validity_months, kind.notify_days_before, kind.actions) == (
        True, True, 6, 0, [name],
    )  # fmt: skip
    assert f'value="{name}"' in text_of(browser.get(f"/products/documents/{kind.pk}/"))
    assert browser.post(f"/products/documents/{kind.pk}/", {"name": "Pass"}).status_code == 302
    kind.refresh_from_db()
    assert (kind.name, kind.has_number, kind.actions) == ("Pass", False, [])


def test_errors_stand_beside_their_fields(agency, sign_in):
    browser = sign_in(agency.staff)
    make_document_type(agency.organization, "Passport")
    for changed, field in (
        ({"name": ""}, "name"),
        ({"name": "PASSPORT"}, "name"),
        ({"name": "New", "min_validity_months": "121"}, "min_validity_months"),
        ({"name": "New", "notify_days_before": "soon"}, "notify_days_before"),
        ({"name": "New", "actions": ["delete-everything"]}, "actions"),
    ):
        answer = browser.post("/products/documents/new/", {**PASSPORT, **changed})
        assert answer.status_code == 422
        assert list(answer.context["form"].errors) == [field]
    assert DocumentType.objects.filter(organization=agency.organization).count() == 4


def test_type_is_deleted_only_when_nothing_asks_for_it(agency, sign_in):
    browser = sign_in(agency.staff)
    unused = make_document_type(agency.organization, "Unused")
    assert f"/products/documents/{unused.pk}/delete/" in text_of(browser.get(f"/products/documents/{unused.pk}/"))
    browser.post(f"/products/documents/{unused.pk}/delete/")
    assert not DocumentType.objects.filter(pk=unused.pk).exists()
    used = agency.product.documents.first().document_type
    html = text_of(browser.get(f"/products/documents/{used.pk}/"))
    assert "delete/" not in html
    assert "asks for it" in html
    browser.post(f"/products/documents/{used.pk}/delete/")
    assert DocumentType.objects.filter(pk=used.pk).exists()


def test_everybody_reads_and_few_write(agency, sign_in):
    kind = agency.product.documents.first().document_type
    member = sign_in(agency.member)
    assert "documents/new/" not in text_of(member.get("/products/documents/"))
    foreign = sign_in(make_user(role="admin"))
    for path in (f"/products/documents/{kind.pk}/", f"/products/documents/{kind.pk}/delete/"):
        assert member.post(path, PASSPORT).status_code == 403
        assert member.get(path).status_code == 403
        assert foreign.get(path).status_code == 404
        assert foreign.post(path, PASSPORT).status_code == 404
    assert member.get("/products/documents/new/").status_code == 403
