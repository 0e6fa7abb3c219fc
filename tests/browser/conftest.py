"""Chromium against a live server. Where no browser is found these tests are skipped and say so."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Error, Page, sync_playwright

from tests.factories.accounts import PASSWORD
from tests.factories.purchasing import make_office

WIDE = {"width": 1280, "height": 900}
PHONE = {"width": 360, "height": 740}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.django_db(transaction=True))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # Playwright keeps a loop in this thread; nothing runs in parallel
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        except Error:
            pytest.skip("no Chromium on this machine")
        yield browser
        browser.close()


class Visitor:
    """A person at their own browser. What goes wrong in the page fails the test."""

    def __init__(self, context: BrowserContext, address: str) -> None:
        self.context = context
        self.address = address
        self.page: Page = context.new_page()
        self.problems: list[str] = []
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        self.page.on("console", self._heard)

    def _heard(self, message) -> None:
        if "Content Security Policy" in message.text:
            self.problems.append(message.text)

    def open(self, path: str) -> Page:
        self.page.goto(self.address + path)
        return self.page

    def sign_in(self, username: str) -> "Visitor":
        self.open("/sign-in/")
        self.page.get_by_label("Username or e-mail").fill(username)
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.get_by_role("button", name="Sign in").click()
        self.page.wait_for_url(self.address + "/")
        return self

    def check_accessibility(self) -> None:
        """No finding of axe, in either theme, as the page is now."""
        for theme in ("light", "dark"):
            self.page.emulate_media(color_scheme=theme)
            found = Axe().run(self.page).response["violations"]
            assert not found, [(v["id"], theme, [node["html"] for node in v["nodes"]]) for v in found]


@pytest.fixture
def visit(browser, live_server) -> Iterator:
    """`visit("username")`: that person's browser, signed in; `phone=True` on a phone, `script=False` without script."""
    visitors: list[Visitor] = []

    def visitor(username: str | None = None, *, phone: bool = False, script: bool = True) -> Visitor:
        context = browser.new_context(
            viewport=PHONE if phone else WIDE,
            has_touch=phone,
            is_mobile=phone,
            java_script_enabled=script,
            reduced_motion="reduce",
        )
        context.set_default_timeout(10_000)
        visitors.append(Visitor(context, live_server.url))
        return visitors[-1].sign_in(username) if username else visitors[-1]

    yield visitor
    problems = [problem for one in visitors for problem in one.problems]
    for one in visitors:
        one.context.close()
    assert not problems


@pytest.fixture
def office(live_server):
    return make_office()
