"""Notes on a case, and the links by which its customer sees it: below `/api/customer-applications/<id>/`."""

from typing import Any

from django.utils import timezone
from rest_framework import serializers

from bureau.api.filters import CREATED, Ordering
from bureau.api.po.references import PersonRef
from bureau.api.shapes import Shape
from bureau.api.views import AgencyView, Call, operation
from bureau.cases.models import CaseNote
from bureau.cases.permissions.cases import can_change_case
from bureau.cases.selectors.cases import visible_case
from bureau.cases.selectors.links import link_of
from bureau.cases.services import links
from bureau.cases.services.cases import add_note

BY_AGE = Ordering(created_at="created_at")


class CaseNoteShape(Shape):
    id = serializers.IntegerField()
    text = serializers.CharField()
    author = PersonRef()
    created_at = serializers.DateTimeField()


class CaseNoteInput(serializers.Serializer[Any]):
    text = serializers.CharField(max_length=5000)


class CaseLinkShape(Shape):
    id = serializers.UUIDField(source="uuid")
    created_by = PersonRef()
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    revoked_at = serializers.DateTimeField(allow_null=True)
    used_at = serializers.DateTimeField(allow_null=True, help_text="opened last")
    uploads = serializers.IntegerField(help_text="files that came by it")


class NewCaseLink(CaseLinkShape):
    url = serializers.CharField(allow_null=True, help_text="shown this once; null of a link that was mailed")


class CaseLinkInput(serializers.Serializer[Any]):
    days = serializers.IntegerField(required=False, default=links.DAYS, help_text="for which it works: 1 to 90")
    send = serializers.BooleanField(
        required=False, default=False, help_text="mails it to the customer, in place of showing it"
    )


class CaseNotes(AgencyView):
    @operation(
        answer=CaseNoteShape,
        page=True,
        filters=CREATED,
        ordering=BY_AGE,
        summary="The notes on a case, oldest first",
    )
    def get(self, request: Call, pk: int) -> Any:
        return visible_case(request.user, pk).case_notes.order_by("created_at", "pk")

    @operation(body=CaseNoteInput, answer=CaseNoteShape, status=201, summary="Write a note on a case")
    def post(self, request: Call, given: dict[str, Any], pk: int) -> CaseNote:
        case = visible_case(request.user, pk)
        return add_note(actor=request.user, case=case, text=given["text"], now=timezone.now())


class CaseLinks(AgencyView):
    idempotent = False  # an answer that is kept would keep the secret address

    @operation(
        answer=CaseLinkShape,
        page=True,
        filters=CREATED,
        ordering=BY_AGE,
        summary="The links to a case, newest first",
    )
    def get(self, request: Call, pk: int) -> Any:
        case = visible_case(request.user, pk)
        can_change_case(request.user, case).enforce()
        return case.links.order_by("-created_at", "-pk")

    @operation(body=CaseLinkInput, answer=NewCaseLink, status=201, summary="Make a link by which the customer uploads")
    def post(self, request: Call, given: dict[str, Any], pk: int) -> dict[str, Any]:
        case, now = visible_case(request.user, pk), timezone.now()
        if given["send"]:
            link = links.send_link(actor=request.user, case=case, days=given["days"], now=now)
            return {**CaseLinkShape.render(link), "url": None}
        link, token = links.create_link(actor=request.user, case=case, days=given["days"], now=now)
        return {**CaseLinkShape.render(link), "url": links.link_url(token)}


class CaseLinkItem(AgencyView):
    @operation(status=204, summary="End a link")
    def delete(self, request: Call, pk: int, uuid: str) -> None:
        link = link_of(visible_case(request.user, pk), uuid)
        links.revoke_link(actor=request.user, link=link, now=timezone.now())
