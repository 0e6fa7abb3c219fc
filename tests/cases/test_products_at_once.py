"""Several people keep one product at the same moment."""

from datetime import UTC, datetime

import pytest

from bureau.cases.models import Product
from bureau.cases.services import products as services
from bureau.cases.services.document_types import create_document_type
from bureau.cases.services.products import TaskInput
from tests.crowds import at_once
from tests.factories.accounts import make_organization, make_user
from tests.factories.products import make_product

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]
NOW = datetime(2026, 3, 10, 9, 30, tzinfo=UTC)


@pytest.fixture
def staff():
    return make_user(make_organization(), role="staff")


def test_code_and_name_are_given_once(staff):
    def product(code):
        return lambda: services.create_product(actor=staff, code=code, name="Visa", now=NOW)

    def kind(name):
        return lambda: create_document_type(actor=staff, name=name, now=NOW)

    assert at_once([product(code) for code in ("visa", "VISA", "Visa", "vISA")]) == {"done": 1, "ProductExists": 3}
    assert at_once([kind(name) for name in ("photo", "PHOTO", "Photo")]) == {"done": 1, "DocumentTypeExists": 2}


def test_tasks_that_are_changed_at_once_are_those_of_one_of_them(staff):
    product = make_product(staff.organization, tasks=3)

    def change(count):
        tasks = [TaskInput(f"{count}-{step}", count) for step in range(1, count + 1)]
        return lambda: services.update_product(actor=staff, product=product, changes={}, tasks=tasks, now=NOW)

    assert at_once([change(count) for count in (2, 4, 5, 3)]) == {"done": 4}
    tasks = list(product.tasks.all())
    assert [task.step for task in tasks] == list(range(1, len(tasks) + 1))
    assert {task.duration for task in tasks} == {len(tasks)}
    assert [task.last_step for task in tasks] == [False] * (len(tasks) - 1) + [True]


def test_product_that_is_deleted_and_changed_at_once_is_gone_whole(staff):
    product = make_product(staff.organization)
    outcome = at_once(
        [
            lambda: services.delete_product(actor=staff, product=product, now=NOW),
            lambda: services.update_product(actor=staff, product=product, changes={"name": "New"}, now=NOW),
        ]
    )
    assert outcome in ({"done": 2}, {"done": 1, "NotFound": 1})
    assert not Product.objects.filter(pk=product.pk).exists()
