from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from bureau.purchasing.models import PurchaseRequest
from bureau.purchasing.states import RequestStatus
from tests.clients import ApiClient
from tests.core.samples import pdf_bytes
from tests.factories.purchasing import make_office, request_in

URL = "/api/prs/requests/"


@pytest.fixture
def office():
    return make_office()


def body(office, subject="Lenses"):
    return {"team": str(office.team.uuid), "subject": subject, "field_values": {"budget_amount": "10"}}


@pytest.mark.django_db
def test_repeated_post_gives_the_first_answer_and_makes_nothing_more(office):
    client = ApiClient(office.requester, HTTP_IDEMPOTENCY_KEY="first")
    first, second = client.call("POST", URL, body(office)), client.call("POST", URL, body(office))
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    assert PurchaseRequest.objects.count() == 1


@pytest.mark.django_db
def test_same_key_with_another_body_is_refused(office):
    client = ApiClient(office.requester, HTTP_IDEMPOTENCY_KEY="first")
    client.call("POST", URL, body(office))
    assert client.call("POST", URL, body(office, "Other lenses")).status_code == 422
    assert PurchaseRequest.objects.count() == 1


@pytest.mark.django_db
def test_refused_post_keeps_nothing_under_its_key(office):
    client = ApiClient(office.requester, HTTP_IDEMPOTENCY_KEY="first")
    assert client.call("POST", URL, body(office, "")).status_code == 400
    assert client.call("POST", URL, body(office)).status_code == 201


@pytest.mark.django_db
def test_key_belongs_to_one_person(office):
    office.manager.access_scopes.create(
        team=office.team, role=office.requester.access_scopes.filter(team=office.team).get().role
    )
    ids = {
        ApiClient(user, HTTP_IDEMPOTENCY_KEY="k").call("POST", URL, body(office)).json()["id"]
        for user in (office.requester, office.manager)
    }
    assert len(ids) == 2


@pytest.mark.django_db
def test_repeated_upload_is_the_same_whatever_its_boundary(office):
    record = request_in(RequestStatus.DRAFT, office)
    client = ApiClient(office.requester, HTTP_IDEMPOTENCY_KEY="file")

    def upload(boundary, content):
        part = (
            (
                f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n'
                f"Content-Type: application/pdf\r\n\r\n"
            ).encode()
            + content
            + f"\r\n--{boundary}--\r\n".encode()
        )
        return client.post(
            f"{URL}{record.uuid}/attachments/", part, content_type=f"multipart/form-data; boundary={boundary}"
        )

    assert upload("aaa", pdf_bytes("one")).json() == upload("bbb", pdf_bytes("one")).json()
    assert upload("ccc", pdf_bytes("two")).status_code == 422
    assert record.attachments.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("key", [" ", "x" * 256, "a\x01b"])
def test_unusable_key_is_refused(office, key):
    answer = ApiClient(office.requester, HTTP_IDEMPOTENCY_KEY=key).call("POST", URL, body(office))
    assert (answer.status_code, list(answer.json())) == (400, ["Idempotency-Key"])


@pytest.mark.django_db(transaction=True)
def test_simultaneous_posts_with_one_key_have_one_effect(office):
    clients = [ApiClient(office.requester, HTTP_IDEMPOTENCY_KEY="same") for _ in range(8)]

    def send(client):
        try:
            return client.call("POST", URL, body(office))
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(send, clients))
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert len({answer.json()["id"] for answer in answers if answer.status_code == 201}) == 1
    assert PurchaseRequest.objects.count() == 1
