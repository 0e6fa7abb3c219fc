from copy import deepcopy

import pytest
from django.conf import settings
from django.test import Client

from tests.factories.purchasing import make_office


@pytest.fixture(scope="module")
def first_office(once):
    return once(make_office)


@pytest.fixture
def office(first_office):
    return deepcopy(first_office)


@pytest.fixture
def sign_in():
    """A browser of this person."""

    def signed_in(user, **options) -> Client:
        client = Client(**options)
        client.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[0])
        return client

    return signed_in
