"""What all pages share: who gets in, the rail, the search, refusals, and a page without inline script."""

import re

import pytest
from django.urls import get_resolver
from django.utils import timezone

from bureau.core.jobs import enqueue
from bureau.core.models import Job, JobState
from bureau.purchasing.states import RequestStatus
from tests.factories.purchasing import make_office, request_in, submit

pytestmark = pytest.mark.django_db
OPEN = {"sign-in", "sign-out", "password-forgot", "password-reset", "theme", "design"}
BY_TOKEN = {"case-link", "case-link-upload", "case-link-logo", "calendar-feed"} | {
    f"sales-link{part}" for part in ("", "-logo", "-pdf", "-xml", "-answer")
}
"""Pages for whoever has their secret address; their own tests say what they give."""
PAGES = ["/", "/requests/", "/requests/new/", "/account/", "/search/?q=lenses"]


def web_patterns():
    [web] = [r for r in get_resolver().url_patterns if getattr(r, "namespace", None) == "web"]
    resolvers = list(web.url_patterns)
    while resolvers:
        pattern = resolvers.pop()
        if hasattr(pattern, "url_patterns"):
            resolvers.extend(pattern.url_patterns)
        else:
            yield pattern


@pytest.mark.parametrize("pattern", [p for p in web_patterns() if p.name not in OPEN | BY_TOKEN], ids=lambda p: p.name)
def test_every_page_asks_for_sign_in(client, pattern):
    uuid = "00000000-0000-4000-8000-000000000000"
    path = "/" + re.sub(r"<uuid:\w+>", uuid, str(pattern.pattern)).lstrip("/")
    path = re.sub(r"<(int|slug):\w+>", "1", path)
    for verb in (client.get, client.post):
        answer = verb(path)
        assert answer.status_code == 302, path
        assert answer.headers["Location"].startswith("/sign-in/?next=")
    assert client.get(path, headers={"HX-Request": "true"}).status_code == 401


@pytest.mark.parametrize("path", PAGES)
def test_page_has_no_inline_script_or_style(sign_in, office, path):
    submit(office)
    html = sign_in(office.requester).get(path).content.decode()
    assert "<script>" not in html
    assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", html))
    assert not re.findall(r"<[^>]+\son\w+=", html)
    assert not re.findall(r"<[^>]+\sstyle=", html)
    assert "hx-on" not in html


def test_rail_shows_what_waits_and_only_the_areas_of_the_person(sign_in, office):
    request_in(RequestStatus.FINANCE_REVIEW, office)
    request_in(RequestStatus.PENDING_APPROVAL, office)
    finance = sign_in(office.finance).get("/")
    assert [(area.name, area.count) for area in finance.context["shell"].areas][:3] == [
        ("home", 1),
        ("requests", 0),
        ("finance", 1),
    ]
    manager = sign_in(office.manager).get("/")
    assert "finance" not in {area.name for area in manager.context["shell"].areas}
    assert manager.context["shell"].counts == {"home": 1}


def test_running_work_of_the_person_shows_until_it_ends(sign_in, office):
    def shown():
        return [job.label for job in sign_in(office.requester).get("/jobs/").context["jobs"]]

    now = timezone.now()
    mine = {"organization": office.organization, "requested_by": office.requester, "now": now}
    job = enqueue("scan_file", payload={"file": 0}, **mine)
    enqueue("send_mail", payload={}, **mine)  # runs unseen
    enqueue("scan_file", payload={"file": 0}, **{**mine, "requested_by": office.manager})
    assert shown() == ["Scanning a file for viruses"]
    assert f"/api/jobs/{job.pk}/stream/" in sign_in(office.requester).get("/").content.decode()
    Job.objects.filter(pk=job.pk).update(state=JobState.SUCCESS)
    assert shown() == []


def test_search_finds_only_what_the_person_may_see(sign_in, office):
    request = submit(office)
    other = make_office()
    for words in ("lens", request.number, "camera LENSES"):
        assert [row.pk for row in sign_in(office.requester).get("/search/", {"q": words}).context["results"]] == [
            request.pk
        ]
    assert sign_in(office.requester).get("/search/", {"q": "lenses tripod"}).context["results"] == []
    assert sign_in(other.admin).get("/search/", {"q": "lens"}).context["results"] == []
    assert sign_in(office.requester).get("/search/", {"q": "\x00"}).status_code == 200


def test_palette_gets_options_instead_of_a_page(sign_in, office):
    request = submit(office)
    headers = {"HX-Request": "true", "HX-Target": "palette-list"}
    html = sign_in(office.requester).get("/search/", {"q": "lens"}, headers=headers).content.decode()
    assert html.lstrip().startswith('<a role="option"')
    assert str(request.uuid) in html


def test_unknown_address_is_a_page_in_the_product_look(client):
    answer = client.get("/nowhere/")
    assert answer.status_code == 404
    assert "Nothing here" in answer.content.decode()


def test_form_without_token_is_refused_with_a_page_that_says_what_to_do(sign_in, office):
    answer = sign_in(office.requester, enforce_csrf_checks=True).post("/sign-out/")
    assert answer.status_code == 403
    assert "Load the page again" in answer.content.decode()


def test_components_page_is_for_developers_only(sign_in, office, settings):
    browser = sign_in(office.requester)
    assert browser.get("/design/").status_code == 404
    settings.DEBUG = True
    assert "Components" in browser.get("/design/").content.decode()


def test_pages_take_styles_from_files_only_and_the_readers_of_the_api_have_a_policy_of_their_own(client, db):
    assert "unsafe-inline" not in client.get("/sign-in/").headers["Content-Security-Policy"]
    for path in ("/api/docs/", "/api/redoc/"):
        policy = client.get(path).headers["Content-Security-Policy"]
        assert "style-src 'self' 'unsafe-inline'" in policy
        assert "script-src 'self';" in policy
