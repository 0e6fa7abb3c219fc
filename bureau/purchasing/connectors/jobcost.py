"""JobCost: projects and their cost codes, read with an API key."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings

from bureau.purchasing.connectors.http import PATIENT, Patience, Service
from bureau.purchasing.connectors.interface import Batch

NAME = "JobCost"


class JobCost:
    name = NAME

    def __init__(self, service: Service, *, api_key: str) -> None:
        self._service = service
        self._headers = {"X-API-Key": api_key}

    @classmethod
    def from_settings(cls, *, patience: Patience = PATIENT) -> "JobCost":
        return cls(Service(NAME, settings.JOBCOST_URL, patience=patience), api_key=settings.JOBCOST_API_KEY)

    def projects(self) -> Batch:
        return self._service.rows("/projects", headers=self._headers)

    def cost_codes(self) -> Batch:
        return self._service.rows("/cost-codes", headers=self._headers)

    def vendors(self) -> None:
        return None

    def post_order(self, order: Mapping[str, Any], *, key: str) -> str:
        raise NotImplementedError("orders are posted to Timberline")
