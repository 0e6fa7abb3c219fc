"""Takes the pictures of the documents anew: `.venv/bin/python docs/images/take.py http://127.0.0.1:8000`.

Run it against a fresh `make run`, so that the demo data is as it was made. It starts and submits one request.
"""

import re
import shutil
import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

HERE = Path(__file__).parent
BASE = sys.argv[1].rstrip("/")
CHROMIUM = next(path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name)))

with sync_playwright() as playwright:
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])

    def sign_in(name: str, width: int = 1280, height: int = 720) -> Page:
        page = browser.new_context(viewport={"width": width, "height": height}, color_scheme="light").new_page()
        page.goto(f"{BASE}/sign-in/")
        page.fill("[name=username]", name)
        page.fill("[name=password]", "bureau-demo")
        page.keyboard.press("Enter")
        page.wait_for_url(f"{BASE}/")
        return page

    def take(page: Page, name: str) -> None:
        page.wait_for_load_state("networkidle")
        page.wait_for_timeout(400)
        page.screenshot(path=HERE / f"{name}.png")

    manager = sign_in("manager")
    take(manager, "home")
    manager.get_by_role("link", name="Video editing").first.click()
    manager.wait_for_selector("#side:not([hidden]) button")
    take(manager, "deciding")

    requester = sign_in("requester")
    requester.goto(f"{BASE}/requests/new/")
    requester.get_by_role("link", name=re.compile("Marketing")).first.click()
    requester.fill("[name=subject]", "Camera lenses")
    requester.fill("[name=field_budget_amount]", "4200")
    requester.fill("[name=field_campaign]", "Spring brochure")
    requester.fill("[name=vendor_name]", "Lumen Optics")
    requester.set_input_files("[data-drop] input[type=file]", HERE / "home.png")
    requester.wait_for_timeout(2500)
    take(requester, "requesting")
    requester.get_by_role("button", name="Submit for approval").click()
    requester.wait_for_url(re.compile(r"/requests/[0-9a-f-]{36}/$"))
    requester.wait_for_timeout(7000)  # until the message is gone
    take(requester, "request")

    admin = sign_in("admin")
    admin.goto(f"{BASE}/setup/workflows/")
    admin.get_by_role("link", name="Standard Workflow").first.click()
    take(admin, "workflow")

    superintendent = sign_in("super")
    superintendent.goto(f"{BASE}/orders/?scope=waiting")
    order = superintendent.locator("a.title", has_text="ABC Supply Co.").first.get_attribute("href")
    superintendent.goto(f"{BASE}{order}")
    take(superintendent, "order")

    foreman = sign_in("foreman", 390, 800)
    foreman.goto(f"{BASE}/orders/walk-up/")
    foreman.fill("[name=vendor_name]", "Baumarkt Altona")
    foreman.fill("[name=what]", "Submersible pump")
    foreman.fill("[name=amount]", "211.68")
    foreman.fill("[name=urgency_justification]", "The pit was filling with water.")
    take(foreman, "walkup")

    finance = sign_in("finance", height=800)
    finance.goto(f"{BASE}/bills/?tab=exceptions")
    finance.locator("a.title", has_text="ABC Supply Co.").first.click()
    take(finance, "bill")

    pm = sign_in("pm", height=1120)
    pm.goto(f"{BASE}/projects/PRJ001/")
    take(pm, "project")

    office = sign_in("staff")
    office.goto(f"{BASE}/invoices/new/")
    office.get_by_role("combobox", name="Customer").press_sequentially("Alster")
    office.get_by_role("option", name="Alster Facades GmbH").click()
    rows = office.locator("[data-lines] tbody tr")
    for place, texts in enumerate((("Site supervision", "12.5", "h", "78.00"), ("Shop drawings", "4", "h", "72.00"))):
        if place:
            rows.nth(0).get_by_label("Unit price", exact=True).press("Enter")
        for label, text in zip(("Description", "Quantity", "Unit", "Unit price"), texts, strict=True):
            rows.nth(place).get_by_label(label, exact=True).fill(text)
        rows.nth(place).get_by_label("Tax", exact=True).select_option("VAT19")
    office.wait_for_timeout(3500)  # until the preview is there
    take(office, "invoicing")

    browser.close()
