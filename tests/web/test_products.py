"""Products in the pages: a list, a page that says when a case would be due, and an editor of rows."""

from copy import deepcopy
from decimal import Decimal

import pytest
from django.http import QueryDict
from django.utils import timezone

from bureau.cases.models import Product
from bureau.cases.services.products import DocumentInput
from bureau.web.products.forms import data_of_product
from tests.factories.accounts import make_user
from tests.factories.cases import make_agency, make_case
from tests.factories.products import make_document_type, make_product

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def first_agency(once):
    return once(make_agency)


@pytest.fixture
def agency(first_agency):
    return deepcopy(first_agency)


@pytest.fixture
def keeper(agency, sign_in):
    return sign_in(agency.staff)


def text_of(answer) -> str:
    assert answer.status_code == 200
    return answer.content.decode()


def typed(*tasks: dict, documents: list[dict] | None = None, **head: str) -> dict:
    """What the editor sends: rows in order."""
    data = QueryDict(mutable=True)
    data.update({"name": "Visa extension", "code": "VISA-EXT", "base_price": "3,500.00", "do": "save", **head})
    for group, rows in (("task", tasks), ("document", documents or [])):
        for key, row in enumerate(rows, 1):
            data.appendlist(group, str(key))
            data.update({f"{group}-{key}-{name}": str(value) for name, value in row.items()})
    return {name: values if len(values) > 1 else values[0] for name, values in data.lists()}


CHECK = {"name": "Check the papers", "duration": "2", "days": "business", "notify_days_before": "1"}
COLLECT = {"name": "Collect", "duration": "10", "days": "calendar", "country": "DE"}


def test_list_is_searched_and_counts_what_there_is(agency, keeper):
    make_product(agency.organization, code="OLD", name="Old thing", active=False, product_type="permit")
    make_case(agency)
    [row] = keeper.get("/products/").context["page"]
    assert (row.steps, row.papers, row.open_cases) == (3, 3, 1)
    assert [row.code for row in keeper.get("/products/?state=all&q=old").context["page"]] == ["OLD"]
    assert [row.code for row in keeper.get("/products/?state=all&type=permit").context["page"]] == ["OLD"]
    exported = b"".join(keeper.get("/products/?state=all&q=old&export=csv").streaming_content).decode("utf-8-sig")
    assert exported.splitlines()[1].startswith("OLD,Old thing,permit")


def test_list_and_page_cost_the_same_however_much_there_is(agency, keeper, django_assert_max_num_queries):
    def cost(path: str) -> int:
        keeper.get(path)
        with django_assert_max_num_queries(40) as queries:
            text_of(keeper.get(path))
        return len(queries)

    paths = ["/products/", f"/products/{agency.product.pk}/", "/products/documents/"]
    before = [cost(path) for path in paths]
    for _ in range(3):
        make_product(agency.organization)
        make_case(agency)
    assert [cost(path) for path in paths] == before


def test_page_says_when_a_case_begun_today_is_due(agency, keeper):
    answer = keeper.get(f"/products/{agency.product.pk}/")
    html = text_of(answer)
    due = answer.context["due"]
    assert due > timezone.localdate()
    assert f"{due.day} {due:%b %Y}" in html
    assert f'href="/cases/new/?product={agency.product.code}"' in html


def test_page_leads_to_the_cases_of_the_product(agency, keeper):
    case = make_case(agency)
    html = text_of(keeper.get(f"/products/{agency.product.pk}/"))
    link = f"/cases/?status=all&product={agency.product.code}"
    assert f'href="{link.replace("&", "&amp;")}"' in html
    assert case.number in text_of(keeper.get(link))
    new = keeper.get(f"/cases/new/?product={agency.product.code}")
    assert f'value="{agency.product.code}" selected' in text_of(new)


def test_product_is_made_of_rows(agency, keeper):
    passport = make_document_type(agency.organization, "Passport", has_expiry_date=True)
    photo = make_document_type(agency.organization, "Photo")
    papers = [
        {"document_type": photo.pk, "kind": "optional"},
        {"document_type": passport.pk, "kind": "required", "min_validity_months": "6"},
    ]
    answer = keeper.post("/products/new/", typed(CHECK, COLLECT, {"name": ""}, documents=papers, product_type="visa"))
    product = Product.objects.get(code="VISA-EXT")
    assert answer["Location"] == f"/products/{product.pk}/"
    assert product.base_price == Decimal("3500.00")
    rows = [(t.step, t.name, t.duration, t.business_days, t.country, t.notify_days_before, t.last_step)
            for t in product.tasks.all()]  # fmt: skip
    assert rows == [(1, "Check the papers", 2, True, "", 1, False), (2, "Collect", 10, False, "DE", 0, True)]
    assert [(d.document_type, d.required, d.min_validity_months) for d in product.documents.all()] == [
        (passport, True, 6), (photo, False, None),
    ]  # fmt: skip


def test_rows_are_added_moved_and_removed_without_script(agency, keeper):
    path = "/products/new/"

    def names(do: str) -> list[str]:
        answer = keeper.post(path, typed(CHECK, COLLECT, do=do))
        assert answer.status_code == 200
        return [row.title for row in answer.context["builder"].tasks]

    assert names("task:add") == ["Check the papers", "Collect", ""]
    assert names("task:up:2") == ["Collect", "Check the papers"]
    assert names("task:down:1") == ["Collect", "Check the papers"]
    assert names("task:remove:1") == ["Collect"]
    assert names("document:add") == ["Check the papers", "Collect"]
    assert not Product.objects.filter(code="VISA-EXT").exists()


def test_row_buttons_answer_with_the_rows_alone_to_script(keeper):
    answer = keeper.post("/products/new/", typed(CHECK, do="task:add"), headers={"HX-Request": "true"})
    html = text_of(answer)
    assert html.lstrip().startswith('<div id="rows">')
    assert 'id="preview" hx-swap-oob' in html


def test_preview_follows_what_is_typed(agency, keeper):
    answer = keeper.post("/products/new/", typed(CHECK, COLLECT, do="preview"), headers={"HX-Request": "true"})
    html = text_of(answer)
    due = answer.context["due"]
    assert "A case begun today is due on" in html
    assert f"{due.day} {due:%b %Y}" in html
    half = keeper.post("/products/new/", typed({"name": "Check", "duration": "x"}, do="preview"))
    assert "Give the first step its days" in text_of(half)


def test_errors_stand_in_their_rows(agency, keeper):
    photo = make_document_type(agency.organization, "Photo")
    foreign = make_document_type(make_user().organization, "Foreign")
    twice = [{"document_type": photo.pk, "kind": "required"}, {"document_type": photo.pk, "kind": "optional"}]
    answer = keeper.post("/products/new/", typed({"name": "", "duration": "5"}, documents=twice, code=""))
    assert answer.status_code == 422
    builder = answer.context["builder"]
    assert list(builder.head.errors) == ["code"]
    assert list(builder.tasks.forms[0].errors) == ["name"]
    assert 'aria-invalid="true"' in answer.content.decode()
    builder = keeper.post("/products/new/", typed(CHECK, documents=twice)).context["builder"]
    assert "twice" in str(builder.documents.forms[1].errors["document_type"])
    for wrong in ("", "x", "99999", "-1"):
        builder = keeper.post("/products/new/", typed({"name": "Check", "duration": wrong})).context["builder"]
        assert "duration" in builder.tasks.forms[0].errors, wrong
    builder = keeper.post("/products/new/", typed(documents=[{"document_type": foreign.pk}])).context["builder"]
    assert "document_type" in builder.documents.forms[0].errors
    builder = keeper.post("/products/new/", typed(CHECK, base_price="much")).context["builder"]
    assert "base_price" in builder.head.errors
    assert not Product.objects.filter(name="Visa extension").exists()


def test_code_of_another_product_is_refused_beside_it(agency, keeper):
    answer = keeper.post("/products/new/", typed(CHECK, code=agency.product.code.lower()))
    assert answer.status_code == 422
    assert "code" in answer.context["builder"].head.errors


def test_product_keeps_its_tasks_when_they_change_places(agency, keeper):
    first, second, third = agency.product.tasks.all()
    data = data_of_product(agency.product)
    data.setlist("task", ["3", "1", "2"])
    data["do"], data["name"], data["completed_by_payment"] = "save", "Renamed", "on"
    answer = keeper.post(f"/products/{agency.product.pk}/edit/", dict(data.lists()))
    assert answer.status_code == 302
    assert list(agency.product.tasks.values_list("pk", flat=True)) == [third.pk, first.pk, second.pk]
    agency.product.refresh_from_db()
    assert (agency.product.name, agency.product.active, agency.product.completed_by_payment) == ("Renamed", True, True)
    assert data_of_product(agency.product)["completed_by_payment"] == "on"
    assert agency.product.tasks.get(last_step=True).pk == second.pk


def test_another_like_it_begins_with_its_rows(agency, keeper):
    html = text_of(keeper.get(f"/products/new/?copy={agency.product.pk}"))
    assert "Task 3" in html
    assert f'value="{agency.product.code}"' not in html
    foreign = make_product(make_user().organization)
    assert keeper.get(f"/products/new/?copy={foreign.pk}").status_code == 404


def test_product_is_deleted_only_without_cases(agency, keeper):
    unused = make_product(agency.organization)
    assert "cannot be undone" in text_of(keeper.get(f"/products/{unused.pk}/delete/"))
    assert keeper.post(f"/products/{unused.pk}/delete/")["Location"] == "/products/"
    assert not Product.objects.filter(pk=unused.pk).exists()
    make_case(agency)
    path = f"/products/{agency.product.pk}/"
    assert "delete/" not in text_of(keeper.get(path))
    assert "Deactivate it instead" in text_of(keeper.get(f"{path}delete/"))
    keeper.post(f"{path}delete/")
    assert Product.objects.filter(pk=agency.product.pk).exists()


def test_everybody_reads_and_few_write(agency, sign_in):
    member = sign_in(agency.member)
    path = f"/products/{agency.product.pk}/"
    for page in ("/products/", path):
        html = text_of(member.get(page))
        assert "/edit/" not in html
        assert "/products/new/" not in html
    for page in ("/products/new/", f"{path}edit/", f"{path}delete/"):
        assert member.get(page).status_code == 403
        assert member.post(page, typed(CHECK)).status_code == 403
    foreign = sign_in(make_user(role="admin"))
    for page in (path, f"{path}edit/", f"{path}delete/"):
        assert foreign.get(page).status_code == 404
        assert foreign.post(page).status_code in (404, 405)


def test_new_row_asks_for_nothing_before_it_is_saved(agency, keeper):
    for answer in (keeper.get("/products/new/"), keeper.post("/products/new/", typed(CHECK, do="task:add"))):
        assert "errorlist" not in text_of(answer)
    make_document_type(agency.organization)
    assert "errorlist" not in text_of(keeper.post("/products/new/", typed(CHECK, do="document:add")))


@pytest.mark.parametrize(
    ("usual", "own", "said"),
    [(6, None, "valid 6 months after"), (0, 1, "valid 1 month after"), (0, None, None), (6, 0, None)],
)
def test_page_says_for_how_long_a_document_must_be_valid(agency, keeper, usual, own, said):
    options = {"has_expiry_date": True, "min_validity_months": usual}
    kind = make_document_type(agency.organization, "Card", **options)
    product = make_product(agency.organization, document_inputs=[DocumentInput(kind.pk, True, own)])
    text = text_of(keeper.get(f"/products/{product.pk}/"))
    assert said in text if said else "after the case is due" not in text
