"""Cases in Chromium: started, filled by the customer on a phone and by a file dropped on its line, and completed."""

import base64

import pytest
from playwright.sync_api import expect

from bureau.cases.models import Case, CaseDocument
from bureau.cases.services import links
from bureau.cases.services.products import DocumentInput, TaskInput
from tests.core import samples
from tests.factories.cases import fill, fill_required, make_agency, make_case
from tests.factories.products import make_document_type, make_product


@pytest.fixture
def agency(live_server, settings):
    settings.PUBLIC_URL = live_server.url
    agency = make_agency()
    passport = make_document_type(
        agency.organization, "Passport", description="The page with your photo", has_number=True, has_expiry_date=True
    )
    photo = make_document_type(agency.organization, "Photo")
    agency.product = make_product(
        agency.organization,
        code="VISA-EXT",
        name="Visa extension",
        task_inputs=[TaskInput("Collect documents", 5), TaskInput("Submit", 10)],
        document_inputs=[DocumentInput(passport.pk, True), DocumentInput(photo.pk, True)],
    )
    return agency


PHOTO = {"name": "photo.jpg", "mimeType": "image/jpeg", "buffer": samples.jpg_bytes((480, 640))}
DROP = """(line, name) => {
  const data = new DataTransfer();
  data.items.add(new File([Uint8Array.from(atob("%s"), (c) => c.charCodeAt(0))], name, { type: "application/pdf" }));
  for (const type of ["dragover", "drop"])
    line.firstElementChild.dispatchEvent(new DragEvent(type, { dataTransfer: data, bubbles: true, cancelable: true }));
}"""


def drop(page, name: str) -> None:
    """A file on the line of the document called `name`."""
    script = DROP % base64.b64encode(samples.pdf_bytes()).decode()
    page.locator("li.doc", has=page.get_by_role("heading", name=name)).evaluate(script, "passport.pdf")


def test_case_goes_from_the_start_by_the_customers_phone_to_its_end(visit, agency):
    visitor = visit(agency.staff.username)
    page = visitor.open("/cases/new/")
    page.get_by_label("Customer").fill("Ana Maria Ruiz")
    page.get_by_text("Somebody new").click()
    expect(page.get_by_label("First name")).to_have_value("Ana Maria")
    expect(page.get_by_label("Last name")).to_have_value("Ruiz")
    page.get_by_label("First name").fill("Ana")
    page.get_by_label("Product").select_option("VISA-EXT")
    expect(page.locator("#outlook")).to_contain_text("Passport")
    expect(page.locator("#outlook")).to_contain_text("Done by")
    page.get_by_role("button", name="Start the case").click()
    expect(page.locator(".case-steps")).to_contain_text("waiting for: Passport, Photo")
    expect(page.get_by_role("button", name="Complete the step")).to_have_count(0)
    page.get_by_role("button", name="Make a link").click()
    address = page.get_by_label("The customer's own page. It is shown only now:").input_value()

    customer = visit(phone=True)
    theirs = customer.page
    theirs.goto(address)
    expect(theirs.get_by_text("We need 2 documents from you.")).to_be_visible()
    customer.check_accessibility()
    passport = theirs.locator("li.wanted-doc", has=theirs.get_by_role("heading", name="Passport"))
    passport.get_by_label("Choose a file").set_input_files(PHOTO)
    passport.get_by_role("button", name="Send").click()
    expect(passport.get_by_label("Its number")).to_be_focused()
    passport.get_by_label("Its number").fill("C01X00T47")
    passport.get_by_label("Valid until").fill("2099-12-31")
    expect(passport.locator("[data-chosen]")).to_have_text("photo.jpg")
    passport.get_by_role("button", name="Send").click()
    expect(theirs.get_by_text("Thank you: it has arrived.")).to_be_visible()
    photo = theirs.locator("li.wanted-doc", has=theirs.get_by_role("heading", name="Photo"))
    photo.get_by_label("Choose a file").set_input_files(PHOTO)
    photo.get_by_role("button", name="Send").click()
    expect(theirs.get_by_text("We have everything that we need from you.")).to_be_visible()
    assert theirs.evaluate("document.documentElement.scrollWidth") <= 360
    customer.check_accessibility()

    case = Case.objects.get()
    page = visitor.open(f"/cases/{case.pk}/")
    line = page.locator("li.doc", has=page.get_by_role("heading", name="Passport"))
    expect(line).to_contain_text("from the customer")
    line.get_by_role("button", name="It is right").click()
    expect(line.locator(".chip")).to_have_text("Checked")
    page.get_by_role("button", name="Start the step").click()
    page.get_by_role("button", name="Wait for the customer").click()
    expect(page.locator(".case-steps")).to_contain_text("clock stopped on")
    page.get_by_role("button", name="The answer came").click()
    page.get_by_role("button", name="Complete the step").click()
    page.get_by_role("button", name="Complete the case").click()
    expect(page.locator(".page-title")).to_contain_text("Completed")
    theirs.reload()
    expect(theirs.get_by_text("All done.")).to_be_visible()
    case.refresh_from_db()
    assert case.status == "completed"


def test_file_is_dropped_on_its_line(visit, agency):
    case = make_case(agency)
    visitor = visit(agency.member.username)
    page = visitor.open(f"/cases/{case.pk}/")
    drop(page, "Photo")
    photo = page.locator("li.doc", has=page.get_by_role("heading", name="Photo"))
    expect(photo.locator(".chip")).to_have_text("Uploaded")
    expect(page.locator(".work-left")).to_contain_text("1 document missing")
    drop(page, "Passport")
    passport = page.locator("li.doc", has=page.get_by_role("heading", name="Passport"))
    expect(passport).to_contain_text("Still needed: its number, the day on which it expires.")
    passport.get_by_label("Number").fill("C01X00T47")
    passport.get_by_label("Expires").fill("2099-12-31")
    passport.get_by_label("Expires").blur()
    expect(passport.locator(".chip")).to_have_text("Uploaded")
    expect(page.get_by_role("button", name="Complete the step")).to_be_visible()
    document = CaseDocument.objects.get(case=case, document_type__name="Passport")
    assert (document.number, document.file.filename) == ("C01X00T47", "passport.pdf")
    passport.get_by_role("link", name="Look at Passport").click()
    expect(page.get_by_role("dialog", name="Passport").get_by_text("Page 1 of 1")).to_be_visible()
    visitor.check_accessibility()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Passport")).to_be_hidden()


def test_documents_are_merged_in_the_order_in_which_they_were_ticked(visit, agency):
    case = make_case(agency)
    fill_required(case, actor=agency.staff)
    page = visit(agency.member.username).open(f"/cases/{case.pk}/")
    page.get_by_label("Select Photo").check()
    page.get_by_label("Select Passport").check()
    page.get_by_role("button", name="Merge…").click()
    expect(page.locator(".merge-list strong")).to_have_text(["Photo", "Passport"])
    page.get_by_role("button", name="Move Passport up").click()
    expect(page.locator(".merge-list strong")).to_have_text(["Passport", "Photo"])
    with page.expect_download() as download:
        page.get_by_role("button", name="Download the PDF").click()
    assert download.value.suggested_filename == f"{case.number}.pdf"


def test_known_customer_is_picked_while_typing(visit, agency):
    visitor = visit(agency.member.username)
    page = visitor.open("/cases/new/?product=VISA-EXT")
    page.get_by_label("Customer").press_sequentially(agency.customer.party.name)
    expect(page.locator("#customer-found")).to_contain_text("Known customer")
    page.get_by_role("button", name="Start the case").click()
    expect(page.locator("h1")).to_have_text(agency.customer.party.name)


@pytest.mark.parametrize("phone", [False, True], ids=["desk", "phone"])
def test_pages_are_accessible_and_fit_their_width(visit, agency, phone):
    case = make_case(agency)
    document = fill(case.documents.first(), actor=agency.staff)
    make_case(agency)
    token = links.create_link(actor=agency.staff, case=case, now=case.created_at)[1]
    visitor = visit(agency.staff.username, phone=phone)
    for path in (
        "/cases/", "/cases/?q=nothing", "/cases/board/", "/cases/board/?product=VISA-EXT", f"/cases/{case.pk}/",
        f"/cases/{case.pk}/edit/", f"/cases/{case.pk}/merge/", f"/cases/{case.pk}/delete/",
        f"/cases/{case.pk}/move/?decision=force_close", f"/cases/documents/{document.pk}/", "/cases/new/",
        "/cases/new/?product=VISA-EXT", f"/c/{token}/", "/c/nothing/",
    ):  # fmt: skip
        page = visitor.open(path)
        visitor.check_accessibility()
        assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"], path


def test_pages_work_without_script(visit, agency):
    case = make_case(agency)
    page = visit(agency.staff.username, script=False).open(f"/cases/{case.pk}/")
    for name in ("Passport", "Photo"):
        line = page.locator("li.doc", has=page.get_by_role("heading", name=name))
        if name == "Passport":
            line.get_by_label("Number").fill("C01X00T47")
            line.get_by_label("Expires").fill("2099-12-31")
        line.locator("input[type=file]").set_input_files(PHOTO)
        line.get_by_role("button", name="Save").click()
    page.get_by_role("link", name="Look at Passport").click()
    expect(page.get_by_text("Page 1 of 1")).to_be_visible()
    page.go_back()
    page.get_by_role("button", name="Complete the step").click()
    expect(page.locator(".case-steps")).to_contain_text("2 Submit")
    page.get_by_role("button", name="Make a link").click()
    address = page.get_by_label("The customer's own page. It is shown only now:").input_value()
    theirs = visit(phone=True, script=False).page
    theirs.goto(address)
    theirs.get_by_text("Send another one in its place").last.click()
    photo = theirs.locator("li.wanted-doc", has=theirs.get_by_role("heading", name="Photo"))
    photo.get_by_label("Choose a file").set_input_files(PHOTO)
    photo.get_by_role("button", name="Send").click()
    expect(theirs.get_by_text("Thank you: it has arrived.")).to_be_visible()
