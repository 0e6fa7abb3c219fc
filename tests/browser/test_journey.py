"""The main way through the product, as its people go it: requester, manager, director, finance."""

from playwright.sync_api import expect

from bureau.purchasing.models import PurchaseRequest
from bureau.purchasing.states import RequestStatus
from tests.core.samples import pdf_bytes


def test_request_goes_from_draft_to_completed_with_its_attachment(visit, office):
    requester = visit(office.requester.username)
    page = requester.page
    requester.check_accessibility()
    page.keyboard.press("n")
    page.get_by_role("link", name="Marketing").click()
    requester.check_accessibility()

    page.get_by_label("What do you need?").fill("Camera lenses")
    expect(page.locator("[data-saved]")).to_contain_text("Saved")
    expect(page).to_have_url(f"{requester.address}/requests/{PurchaseRequest.objects.get().uuid}/edit/")
    page.get_by_label("Add files").set_input_files(
        {"name": "quote.pdf", "mimeType": "application/pdf", "buffer": pdf_bytes("Quote")}
    )
    expect(page.locator("#files")).to_contain_text("quote.pdf")
    page.get_by_role("button", name="Submit for approval").click()
    expect(page.locator(".errorlist")).to_have_text("This field is required.")
    requester.check_accessibility()
    page.get_by_label("Budget Amount").fill("4200.00")
    page.get_by_label("Campaign").fill("Spring")
    page.get_by_role("button", name="Submit for approval").click()
    expect(page.get_by_text("Pending approval")).to_be_visible()
    expect(page.locator(".toast")).to_contain_text(office.manager.name)
    requester.check_accessibility()
    request = PurchaseRequest.objects.get()
    assert request.status == RequestStatus.PENDING_APPROVAL

    # The manager decides by keyboard, in the panel beside the list.
    manager = visit(office.manager.username)
    manager.check_accessibility()
    manager.page.keyboard.press("j")
    manager.page.keyboard.press("a")
    expect(manager.page.locator("#side")).to_contain_text("you are Manager of Marketing")
    expect(manager.page.locator("#side")).to_contain_text("quote.pdf")
    manager.check_accessibility()
    manager.page.keyboard.press("Enter")
    expect(manager.page.locator(".toast")).to_contain_text("Approved. Camera lenses.")
    expect(manager.page.locator("body")).to_contain_text("Nothing waits for you")

    # The director decides on a phone, in two taps.
    director = visit(office.director.username, phone=True)
    director.check_accessibility()
    director.page.get_by_role("link", name="Camera lenses").click()
    director.check_accessibility()
    director.page.locator("#side").get_by_role("button", name="Approve").click()
    expect(director.page.locator("body")).to_contain_text("Nothing waits for you")

    finance = visit(office.finance.username)
    finance.page.keyboard.press("g")
    finance.page.keyboard.press("f")
    finance.page.wait_for_url("**/finance/")
    finance.check_accessibility()
    finance.open(f"/requests/{request.uuid}/")
    finance.check_accessibility()
    finance.page.keyboard.press("a")
    finance.page.get_by_label("Comment").fill("Paid by transfer.")
    finance.check_accessibility()
    finance.page.keyboard.press("Control+Enter")
    expect(finance.page.locator(".chip.tint")).to_have_text("Completed")

    page = requester.open(f"/requests/{request.uuid}/")
    expect(page.locator(".timeline")).to_contain_text("Paid by transfer.")
    expect(page.locator(".steps li.done")).to_have_count(3)
    page.get_by_role("link", name="quote.pdf").click()
    expect(page.locator("[data-preview-pane] iframe")).to_be_visible()
    download = requester.context.request.get(
        requester.address + page.get_by_role("link", name="quote.pdf").get_attribute("href")
    )
    assert download.body() == pdf_bytes("Quote")


def test_request_goes_its_way_without_script(visit, office):
    page = visit(office.requester.username, script=False).page
    page.get_by_role("link", name="New request").first.click()
    page.get_by_role("link", name="Marketing").click()
    page.get_by_label("What do you need?").fill("Camera lenses")
    page.get_by_label("Budget Amount").fill("4200")
    page.get_by_label("Add files").set_input_files(
        {"name": "quote.pdf", "mimeType": "application/pdf", "buffer": pdf_bytes("Quote")}
    )
    page.get_by_role("button", name="Submit for approval").click()
    expect(page.locator(".chip.tint")).to_have_text("Pending approval")
    expect(page.locator(".files")).to_contain_text("quote.pdf")

    page = visit(office.manager.username, script=False).page
    page.get_by_role("link", name="Camera lenses").click()
    page.get_by_role("link", name="Reject").click()
    page.get_by_label("Why?").fill("No")
    page.get_by_role("button", name="Reject").click()
    expect(page.locator(".errorlist")).to_contain_text("at least 10 characters")
    page.get_by_label("Why?").fill("Too expensive this quarter.")
    page.get_by_role("button", name="Reject").click()
    expect(page.locator(".chip.tint")).to_have_text("Rejected")
