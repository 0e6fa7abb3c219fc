"""Keeping products: codes, tasks in order, documents, who may, what deleting takes."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from bureau.accounts.services.taxes import update_tax_code
from bureau.cases.models import Case, CaseStep, Product, ProductDocument, ProductTask
from bureau.cases.selectors import products as selectors
from bureau.cases.services import products as services
from bureau.cases.services.products import DocumentInput, ProductExists, ProductInUse, TaskInput
from bureau.core.models import AuditEntry
from bureau.kit.errors import Forbidden, Invalid, NotFound
from bureau.parties.models import Customer, Party
from tests.factories.accounts import make_organization, make_user
from tests.factories.products import make_document_type, make_product

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 10, 9, 30, tzinfo=UTC)


@pytest.fixture
def organization():
    return make_organization(country="DE")


@pytest.fixture
def staff(organization):
    return make_user(organization, role="staff")


def create(staff, **given):
    return services.create_product(actor=staff, **{"code": "VISA-EXT", "name": "Visa extension", "now": NOW, **given})


def update(staff, product, changes=None, **given):
    return services.update_product(actor=staff, product=product, changes=changes or {}, now=NOW, **given)


def tasks_of(product):
    return [(task.step, task.name, task.last_step) for task in product.tasks.all()]


def make_case_of(product, owner):
    """A case of the product that is at its first task, as bare rows."""
    moments = {"created_at": NOW, "updated_at": NOW}
    party = Party.objects.create(organization=product.organization, name="Ada", **moments)
    customer = Customer.objects.create(
        organization=product.organization, party=party, owner=owner, sort_name="ADA", search_text="ADA", **moments
    )
    case = Case.objects.create(
        organization=product.organization,
        number=f"CASE-{Case.objects.count() + 1}",
        customer=customer,
        product=product,
        owner=owner,
        doc_date=date(2026, 3, 10),
        due_date=date(2026, 4, 10),
        **moments,
    )
    task = product.tasks.first()
    if task is not None:
        CaseStep.objects.create(
            case=case,
            task=task,
            number=task.step,
            name=task.name,
            duration=task.duration,
            business_days=True,
            notify_days_before=0,
            start_date=case.doc_date,
            due_date=case.due_date,
            created_at=NOW,
        )
    return case


def test_product_keeps_what_was_given_of_it_and_is_audited(organization, staff):
    passport = make_document_type(organization, "Passport", min_validity_months=6)
    photo = make_document_type(organization, "Photo")
    product = create(
        staff,
        description="Sixty days more",
        product_type="visa",
        base_price=Decimal("250.00"),
        tax_code="GP",
        tasks=[
            TaskInput("Collect", 5, description="All papers", notify_days_before=2),
            TaskInput("File", 3, business_days=False, country="us"),
        ],
        documents=[DocumentInput(photo.pk, required=False), DocumentInput(passport.pk, min_validity_months=9)],
    )
    product = selectors.visible_product(staff, product.pk)
    assert (product.code, product.product_type, product.base_price) == ("VISA-EXT", "visa", Decimal("250.00"))
    assert tasks_of(product) == [(1, "Collect", False), (2, "File", True)]
    assert [(task.business_days, task.country) for task in product.tasks.all()] == [(True, ""), (False, "US")]
    assert [(row.document_type.name, row.required, row.min_validity_months) for row in product.documents.all()] == [
        ("Passport", True, 9),
        ("Photo", False, None),
    ]
    entry = AuditEntry.objects.get(entity_type="product", entity_id=str(product.pk))
    assert (entry.action, entry.user, entry.new_values["base_price"]) == ("created", staff, "250.00")
    assert [task["name"] for task in entry.new_values["tasks"]] == ["Collect", "File"]
    assert [document["document_type"] for document in entry.new_values["documents"]] == ["Passport", "Photo"]


def test_tasks_come_by_their_steps_and_one_that_is_marked_last_is_the_last(staff):
    product = create(staff, tasks=[TaskInput("B", 1, step=2, last_step=True), TaskInput("A", 0, step=1)])
    assert tasks_of(product) == [(1, "A", False), (2, "B", True)]


def test_product_may_have_no_tasks_yet(staff):
    assert tasks_of(create(staff)) == []


@pytest.mark.parametrize(
    ("field", "given"),
    [
        ("code", " "),
        ("code", "x" * 51),
        ("name", ""),
        ("name", "x\x00y"),
        ("base_price", Decimal("-0.01")),
        ("base_price", Decimal("NaN")),
        ("base_price", Decimal("1.005")),
        ("base_price", Decimal(10) ** 13),
        ("tax_code", "NONE"),
        ("product_type", "x" * 51),
    ],
)
def test_product_that_cannot_be_is_refused_by_field(staff, field, given):
    with pytest.raises(Invalid) as refused:
        create(staff, **{field: given})
    assert list(refused.value.fields) == [field]
    assert not Product.objects.exists()


@pytest.mark.parametrize(
    ("fields", "tasks"),
    [
        (["tasks.1.step"], [TaskInput("A", 1, step=1), TaskInput("B", 1, step=3)]),
        (["tasks.0.step"], [TaskInput("A", 1, step=0), TaskInput("B", 1, step=1)]),
        (["tasks.1.step"], [TaskInput("A", 1, step=1), TaskInput("B", 1, step=1)]),
        (["tasks.0.step"], [TaskInput("A", 1, step=-(10**30))]),
        (["tasks.0.last_step"], [TaskInput("A", 1, last_step=True), TaskInput("B", 1)]),
        (["tasks.0.last_step"], [TaskInput("A", 1, last_step=True), TaskInput("B", 1, last_step=True)]),
        (["tasks.0.duration"], [TaskInput("A", -1)]),
        (["tasks.0.duration"], [TaskInput("A", 3651)]),
        (["tasks.0.notify_days_before"], [TaskInput("A", 1, notify_days_before=3651)]),
        (["tasks.0.name"], [TaskInput(" ", 1)]),
        (["tasks.0.country"], [TaskInput("A", 1, country="XX")]),
        (["tasks.0.country"], [TaskInput("A", 1, country="DEU")]),
        (["tasks.0.id"], [TaskInput("A", 1, id=1)]),
        (["tasks"], [TaskInput("A", 1)] * 101),
        (["tasks.0.duration", "tasks.1.name"], [TaskInput("A", 9999), TaskInput("", 1)]),
    ],
)
def test_tasks_that_cannot_be_are_refused_beside_their_field(staff, fields, tasks):
    with pytest.raises(Invalid) as refused:
        create(staff, tasks=tasks)
    assert sorted(refused.value.fields) == fields
    assert not Product.objects.exists()


@pytest.mark.parametrize("days", [0, 3650])
def test_shortest_and_longest_task(staff, days):
    assert create(staff, tasks=[TaskInput("A", days)]).tasks.get().duration == days


def test_document_types_that_cannot_be_are_refused_beside_their_place(organization, staff):
    own = make_document_type(organization).pk
    foreign = make_document_type(make_organization()).pk

    def refused(*documents):
        with pytest.raises(Invalid) as error:
            create(staff, documents=documents)
        assert not Product.objects.exists()
        return error.value.fields

    assert refused(DocumentInput(own), DocumentInput(foreign)) == {
        "required_documents.1": ["There is no such document type."]
    }
    assert refused(DocumentInput(own), DocumentInput(2**80)) == refused(DocumentInput(own), DocumentInput(foreign))
    assert list(refused(DocumentInput(own), DocumentInput(own, required=False))) == ["optional_documents.0"]
    months = DocumentInput(own, required=False, min_validity_months=121)
    assert list(refused(months)) == ["optional_documents.0.min_validity_months"]


def test_code_is_taken_in_whatever_case_in_this_organization_alone(organization, staff):
    first, other = create(staff), make_product(organization, code="OTHER")
    with pytest.raises(ProductExists) as refused:
        create(staff, code="visa-ext")
    assert list(refused.value.fields) == ["code"]
    with pytest.raises(ProductExists):
        update(staff, other, {"code": "Visa-Ext"})
    assert update(staff, first, {"code": "visa-ext"}).code == "visa-ext"
    assert make_product(make_organization(), code="VISA-EXT").code == "VISA-EXT"


def test_update_changes_what_is_named_and_tells_the_audit_log_that(staff):
    product = create(staff, base_price=Decimal("250.00"), tasks=[TaskInput("A", 1)])
    update(staff, product, {"name": "Extension", "base_price": Decimal("250.00"), "organization": None, "uuid": "x"})
    product.refresh_from_db()
    assert (product.name, product.code, product.tasks.count()) == ("Extension", "VISA-EXT", 1)
    entry = AuditEntry.objects.get(entity_type="product", action="updated")
    assert (entry.old_values, entry.new_values) == ({"name": "Visa extension"}, {"name": "Extension"})
    update(staff, product, {"name": "Extension"}, tasks=[TaskInput("A", 1)], documents=[])
    assert AuditEntry.objects.filter(entity_type="product", action="updated").count() == 1


def test_tax_code_that_is_not_offered_any_more_stays_on_a_product_that_has_it(organization, staff):
    product = create(staff, tax_code="PST7")
    admin = make_user(organization, role="admin")
    update_tax_code(actor=admin, tax_code=organization.tax_codes.get(code="PST7"), changes={"active": False}, now=NOW)
    assert update(staff, product, {"tax_code": "PST7", "name": "Same"}).name == "Same"
    with pytest.raises(Invalid) as refused:
        create(staff, code="NEW", tax_code="PST7")
    assert list(refused.value.fields) == ["tax_code"]


def test_tasks_stay_the_same_by_id_or_by_step(staff):
    product = create(staff, tasks=[TaskInput("A", 1), TaskInput("B", 1), TaskInput("C", 1)])
    a, b, c = product.tasks.all()
    update(
        staff,
        product,
        tasks=[TaskInput("C first", 4, id=c.pk), TaskInput("A", 1, id=a.pk), TaskInput("New", 1), TaskInput("E", 2)],
    )
    assert [(task.pk, task.step, task.name) for task in product.tasks.all()][:2] == [
        (c.pk, 1, "C first"),
        (a.pk, 2, "A"),
    ]
    assert tasks_of(product)[2:] == [(3, "New", False), (4, "E", True)]
    assert not ProductTask.objects.filter(pk=b.pk).exists()
    update(staff, product, tasks=[TaskInput("First", 1), TaskInput("Second", 2)])
    assert [(task.pk, task.name, task.last_step) for task in product.tasks.all()] == [
        (c.pk, "First", False),
        (a.pk, "Second", True),
    ]


def test_task_of_another_product_or_named_twice_is_a_field_error(organization, staff):
    product, other = create(staff, tasks=[TaskInput("A", 1)]), make_product(organization)
    own, foreign = product.tasks.get().pk, other.tasks.first().pk
    with pytest.raises(Invalid) as refused:
        update(staff, product, tasks=[TaskInput("A", 1, id=foreign)])
    assert list(refused.value.fields) == ["tasks.0.id"]
    with pytest.raises(Invalid) as refused:
        update(staff, product, tasks=[TaskInput("A", 1, id=own), TaskInput("B", 1, id=own)])
    assert list(refused.value.fields) == ["tasks.1.id"]
    assert tasks_of(product) == [(1, "A", True)]
    assert other.tasks.count() == 3


def test_step_of_a_running_case_keeps_its_task_where_that_stays(organization, staff):
    product = create(staff, tasks=[TaskInput("A", 1), TaskInput("B", 1)])
    step = make_case_of(product, staff).steps.get()
    update(staff, product, tasks=[TaskInput("A, but slower", 9), TaskInput("B", 1), TaskInput("C", 1)])
    step.refresh_from_db()
    assert step.task_id == product.tasks.first().pk
    assert (step.name, step.duration, step.task.duration) == ("A", 1, 9)
    update(staff, product, tasks=[])
    step.refresh_from_db()
    assert step.task_id is None
    assert step.name == "A"


def test_documents_are_replaced_as_a_whole(organization, staff):
    kinds = [make_document_type(organization, min_validity_months=6) for _ in range(3)]
    product = create(staff, documents=[DocumentInput(kinds[0].pk), DocumentInput(kinds[1].pk)])
    update(
        staff,
        product,
        documents=[DocumentInput(kinds[2].pk, min_validity_months=6), DocumentInput(kinds[0].pk, required=False)],
    )
    rows = product.documents.all()
    assert [(row.document_type_id, row.required) for row in rows] == [(kinds[2].pk, True), (kinds[0].pk, False)]
    assert rows[0].min_validity_months is None, "as its type says"


@pytest.mark.parametrize(("role", "may"), [(r, r in ("staff", "pm", "admin", "owner")) for r in (
    "staff", "pm", "admin", "owner", "member", "foreman", "super")])  # fmt: skip
def test_staff_project_managers_and_administrators_keep_products(organization, role, may):
    person = make_user(organization, role=role)
    product = make_product(organization)
    calls = [
        lambda: create(person),
        lambda: update(person, product, {"name": "New"}),
        lambda: services.delete_product(actor=person, product=product, now=NOW),
    ]
    for call in calls:
        if may:
            call()
        else:
            with pytest.raises(Forbidden):
                call()
    assert selectors.visible_products(person).exists()


def test_staff_of_another_organization_neither_see_nor_change_a_product(organization):
    stranger, product = make_user(make_organization(), role="admin"), make_product(organization)
    with pytest.raises(NotFound):
        selectors.visible_product(stranger, product.pk)
    with pytest.raises(NotFound):
        selectors.visible_task(stranger, product.tasks.first().pk)
    with pytest.raises(Forbidden):
        update(stranger, product, {"name": "Mine"})
    with pytest.raises(Forbidden):
        create(stranger, organization=organization)


def test_product_without_cases_goes_with_its_tasks(organization, staff):
    product = make_product(organization, tasks=2, required=1, optional=1)
    usage = selectors.product_usage(product)
    assert (usage.in_use, usage.cases, usage.tasks, usage.documents) == (False, 0, 2, 2)
    services.delete_product(actor=staff, product=product, now=NOW)
    assert not ProductTask.objects.exists()
    assert not ProductDocument.objects.exists()
    entry = AuditEntry.objects.get(entity_type="product", action="deleted")
    assert (entry.old_values["code"], len(entry.old_values["tasks"])) == (product.code, 2)


def test_product_with_cases_stays_and_says_what_to_do_instead(organization, staff):
    product = make_product(organization)
    make_case_of(product, staff)
    make_case_of(product, staff)
    assert selectors.product_usage(product).cases == 2
    with pytest.raises(ProductInUse, match=r"2 cases are about this product\. Deactivate it instead"):
        services.delete_product(actor=staff, product=product, now=NOW)
    assert product.tasks.count() == 3


def test_bulk_delete_takes_what_the_words_find_but_what_has_cases(organization, staff):
    superuser = make_user(organization, role="admin", superuser=True)
    for code, name in (("VISA-1", "Short visa"), ("VISA-2", "Long visa"), ("TAX-1", "Tax return")):
        make_product(organization, code=code, name=name)
    make_product(make_organization(), code="VISA-9", name="Foreign visa")
    make_case_of(Product.objects.get(code="VISA-2"), staff)
    gone = services.bulk_delete_products(actor=superuser, query="visa", confirm=True, now=NOW)
    assert (gone.deleted, gone.kept) == (1, ["VISA-2"])
    assert sorted(Product.objects.values_list("code", flat=True)) == ["TAX-1", "VISA-2", "VISA-9"]
    assert AuditEntry.objects.filter(entity_type="product", action="deleted").count() == 1


@pytest.mark.parametrize(("query", "confirm", "field"), [("visa", False, "confirm"), (" ", True, "query")])
def test_bulk_delete_needs_words_and_a_confirmation(organization, query, confirm, field):
    superuser = make_user(organization, role="admin", superuser=True)
    make_product(organization, name="visa")
    with pytest.raises(Invalid) as refused:
        services.bulk_delete_products(actor=superuser, query=query, confirm=confirm, now=NOW)
    assert list(refused.value.fields) == [field]
    assert Product.objects.count() == 1


def test_bulk_delete_is_for_superusers(organization):
    make_product(organization, name="visa")
    with pytest.raises(Forbidden):
        services.bulk_delete_products(actor=make_user(organization, role="admin"), query="visa", confirm=True, now=NOW)
    assert Product.objects.count() == 1
