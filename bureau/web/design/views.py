"""Every component on one page, in every state it can have; only with DEBUG on."""

import re
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

from django import forms
from django.conf import settings
from django.contrib.staticfiles import finders
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class SampleForm(forms.Form):
    subject = forms.CharField(label=_("What do you need?"), help_text=_("A few words that a busy person understands."))
    budget_amount = forms.DecimalField(label=_("Budget amount"), decimal_places=2)
    needed_by = forms.DateField(
        label=_("Needed by"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    purchase_type = forms.ChoiceField(label=_("Type"), choices=[("GOODS", _("Goods")), ("SERVICES", _("Services"))])
    urgent = forms.BooleanField(label=_("It is urgent"), required=False)
    where = forms.ChoiceField(
        label=_("Deliver to"), widget=forms.RadioSelect, choices=[("o", _("Office")), ("s", _("Site"))], required=False
    )
    reason = forms.CharField(label=_("Why"), widget=forms.Textarea, required=False)


def design(request: HttpRequest) -> HttpResponse:
    if not settings.DEBUG:
        raise Http404
    now = timezone.now()
    ada = SimpleNamespace(name="Ada Marsh", username="ada")
    ben = SimpleNamespace(name="Ben Okafor", username="ben")
    rows = [
        ("Camera lenses", "Marketing", ada, "4200", "PENDING_APPROVAL", 2),
        ("Site fence, north side", "PRJ001", ben, "1680.5", "IN_REVIEW", 4),
        ("Trade fair booth", "Marketing", ada, "12750", "FINANCE_REVIEW", 9),
        ("Office chairs", "General", ben, "990", "COMPLETED", 30),
        ("Drone", "Marketing", ada, "2399.99", "REJECTED", 40),
        ("Stationery for the fourth quarter", "General", ada, None, "DRAFT", 0),
    ]
    context = {
        "states": [
            "DRAFT",
            "PENDING_APPROVAL",
            "IN_REVIEW",
            "FULLY_APPROVED",
            "FINANCE_REVIEW",
            "COMPLETED",
            "REJECTED",
            "RESUBMITTED",
        ],
        "rows": [
            {"subject": s, "team": t, "who": w, "amount": a and Decimal(a), "status": st, "at": now - timedelta(days=d)}
            for s, t, w, a, st, d in rows
        ],
        "amounts": [Decimal("4200"), Decimal("-1680.005"), Decimal("1234567.8"), None],
        "moments": [now, now - timedelta(minutes=5), now - timedelta(days=2), now - timedelta(days=30)],
        "ada": ada,
        "icons": re.findall(r'<symbol id="([^"]+)"', Path(finders.find("bureau/icons.svg") or "").read_text()),
        "form": SampleForm({"budget_amount": "abc", "purchase_type": "GOODS"}),
        "page": Paginator(range(240), 25).page(2),
        "steps": [
            {"name": _("Manager Approval"), "tone": "done", "text": "Grace Lindt", "at": now - timedelta(days=1)},
            {"name": _("Director Approval"), "tone": "waiting", "text": _("waits for you"), "current": True},
            {"name": _("Finance Review"), "tone": "ahead", "text": _("then Lena Park")},
        ],
        "timeline": [
            {"tone": "moving", "icon": "send", "who": ada, "text": _("submitted it"), "at": now - timedelta(days=2)},
            {
                "tone": "done",
                "who": SimpleNamespace(name="Grace Lindt"),
                "text": _("approved it (Manager Approval)"),
                "at": now - timedelta(days=1),
                "comment": "Good price. Please take the three-year warranty.",
            },
        ],
    }
    return render(request, "web/design.html", context)
