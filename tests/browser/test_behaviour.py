"""What the script adds: keys, the palette, drafts that outlive a lost connection, the theme; pages at two widths."""

import re

import pytest
from playwright.sync_api import expect

from bureau.purchasing.models import PurchaseRequest
from bureau.purchasing.states import RequestStatus
from tests.factories.purchasing import make_draft, request_in, submit

PAGES = ["/", "/requests/", "/requests/?q=nothing", "/requests/new/", "/search/?q=lens", "/account/", "/nowhere/"]


@pytest.mark.parametrize("phone", [False, True], ids=["desk", "phone"])
def test_pages_are_accessible_and_fit_their_width(visit, office, phone):
    submit(office)
    draft = make_draft(office, subject="A subject of a single very long word " + "x" * 60)
    rejected = request_in(RequestStatus.REJECTED, office)
    visitor = visit(office.requester.username, phone=phone)
    for path in [*PAGES, f"/requests/{draft.uuid}/", f"/requests/{draft.uuid}/edit/", f"/requests/{rejected.uuid}/"]:
        page = visitor.open(path)
        visitor.check_accessibility()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path


@pytest.mark.parametrize("path", ["/sign-in/", "/forgot-password/", "/reset-password/x/y/"])
def test_pages_before_sign_in_are_accessible(visit, office, path):
    visitor = visit()
    visitor.open(path)
    visitor.check_accessibility()


def test_components_page_is_accessible(visit, office, settings):
    settings.DEBUG = True
    visitor = visit(office.requester.username)
    visitor.open("/design/")
    visitor.check_accessibility()


def test_keys_move_select_open_and_close(visit, office):
    for number in range(3):
        submit(office, make_draft(office, subject=f"Lens {number}"))
    page = visit(office.manager.username).page
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page.locator("tr.at")).to_contain_text("Lens 1")
    page.keyboard.press("x")
    expect(page.locator("tr.at input")).to_be_checked()
    expect(page.locator(".bulk")).to_be_visible()
    page.keyboard.press("k")
    expect(page.locator("tr.at")).to_contain_text("Lens 0")
    page.keyboard.press("Enter")
    expect(page.locator("#side h2").first).to_have_text("Lens 0")
    page.keyboard.press("j")
    expect(page.locator("#side h2").first).to_have_text("Lens 1")
    page.keyboard.press("c")
    page.keyboard.type("jk")
    expect(page.locator("#side textarea")).to_have_value("jk")
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    expect(page.locator("#side")).to_be_hidden()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard")).to_be_visible()


def test_keys_decide_on_the_open_request_before_the_selected_rows(visit, office):
    for number in range(2):
        submit(office, make_draft(office, subject=f"Lens {number}"))
    page = visit(office.manager.username).page
    page.get_by_label("Select Lens 0").check()
    page.get_by_role("link", name="Lens 1").click()
    expect(page.locator("#side h2").first).to_have_text("Lens 1")
    page.keyboard.press("a")
    expect(page.locator("#side").get_by_role("button", name="Approve")).to_be_focused()


def test_deciding_in_the_panel_goes_on_to_the_next_row(visit, office):
    for number in range(2):
        submit(office, make_draft(office, subject=f"Lens {number}"))
    page = visit(office.manager.username).page
    page.get_by_role("link", name="Lens 0").click()
    page.locator("#side").get_by_role("button", name="Reject").click()
    expect(page.locator("#side .errorlist")).to_contain_text("at least 10 characters")
    expect(page.locator("#side textarea")).to_be_focused()
    page.locator("#side textarea").fill("Too expensive this quarter.")
    page.locator("#side").get_by_role("button", name="Reject").click()
    expect(page.locator("#side h2").first).to_have_text("Lens 1")
    expect(page.locator(".rail [data-count=home]")).to_contain_text("1")
    expect(page.locator("tr[data-row]")).to_have_count(1)


def test_several_selected_rows_are_approved_together(visit, office):
    for number in range(3):
        submit(office, make_draft(office, subject=f"Lens {number}"))
    page = visit(office.manager.username).page
    page.get_by_label("Select all").check()
    page.locator(".bulk").get_by_role("button", name="Approve").click()
    expect(page.locator(".toast")).to_contain_text("Approved: 3.")
    assert set(PurchaseRequest.objects.values_list("status", flat=True)) == {RequestStatus.IN_REVIEW}


def test_single_keys_that_are_turned_off_do_nothing(visit, office):
    visitor = visit(office.manager.username)
    submit(office)
    page = visitor.open("/account/")
    page.get_by_label("Single-key shortcuts").uncheck()
    page.get_by_role("button", name="Save").click()
    page = visitor.open("/")
    page.keyboard.press("j")
    expect(page.locator("tr.at")).to_have_count(0)
    page.keyboard.press("Control+k")
    expect(page.locator("#palette")).to_be_visible()


def test_palette_finds_areas_and_requests(visit, office):
    request = submit(office)
    visitor = visit(office.requester.username)
    page = visitor.page
    page.keyboard.press("Control+k")
    page.keyboard.type("lens")
    expect(page.get_by_role("option", name="Camera lenses")).to_be_visible()
    visitor.check_accessibility()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/requests/{request.uuid}/")
    page.keyboard.press("Control+k")
    page.keyboard.type("acc")
    page.keyboard.press("Enter")
    page.wait_for_url("**/account/")


def test_draft_survives_a_lost_connection(visit, office):
    visitor = visit(office.requester.username)
    draft = make_draft(office)
    page = visitor.open(f"/requests/{draft.uuid}/edit/")
    visitor.context.set_offline(True)
    page.get_by_label("Campaign").fill("Spring")
    expect(page.locator("[data-saved]")).to_contain_text("Not saved yet")
    visitor.context.set_offline(False)
    expect(page.locator("[data-saved]")).to_contain_text("Saved")
    assert draft.field_values.get(field__field_id="campaign").value == "Spring"


def test_what_was_typed_comes_back_after_a_reload_without_connection(visit, office):
    visitor = visit(office.requester.username)
    draft = make_draft(office)
    page = visitor.open(f"/requests/{draft.uuid}/edit/")
    page.route("**/edit/", lambda route: route.abort() if route.request.method == "POST" else route.continue_())
    page.get_by_label("Campaign").fill("Spring")
    expect(page.locator("[data-saved]")).to_contain_text("Not saved yet")
    page.unroute("**/edit/")
    page.reload()
    expect(page.get_by_label("Campaign")).to_have_value("Spring")
    expect(page.locator(".toast")).to_contain_text("has been put back")
    expect(page.locator("[data-saved]")).to_contain_text("Saved")
    assert draft.field_values.get(field__field_id="campaign").value == "Spring"


def test_lost_connection_in_the_panel_keeps_the_comment(visit, office):
    visitor = visit(office.manager.username)
    submit(office)
    page = visitor.open("/")
    page.get_by_role("link", name="Camera lenses").click()
    page.locator("#side textarea").fill("Fine with me")
    visitor.context.set_offline(True)
    page.locator("#side").get_by_role("button", name="Approve").click()
    expect(page.locator(".toast.error")).to_contain_text("The connection is lost. What you typed is kept")
    expect(page.locator("#side textarea")).to_have_value("Fine with me")


@pytest.mark.parametrize("phone", [False, True], ids=["desk", "phone"])
def test_toasts_leave_the_buttons_free(visit, office, phone):
    for number in range(3):
        submit(office, make_draft(office, subject=f"Lens {number}"))
    visitor = visit(office.manager.username, phone=phone)
    page = visitor.page

    def check_free(*buttons):
        toast = page.locator(".toast").last.bounding_box()
        for button in buttons:
            box = button.bounding_box()
            apart = box["y"] + box["height"] <= toast["y"] or toast["y"] + toast["height"] <= box["y"]
            aside = box["x"] + box["width"] <= toast["x"] or toast["x"] + toast["width"] <= box["x"]
            assert apart or aside, (box, toast)

    page.get_by_role("link", name="Lens 0").click()
    page.locator("#side").get_by_role("button", name="Approve").click()
    expect(page.locator("#side h2").first).to_have_text("Lens 1")
    expect(page.locator(".toast")).to_be_visible()
    check_free(*page.locator("#side .btn").all())
    page.locator("#side").get_by_role("button", name="Close").click()
    page.locator("tbody [type=checkbox]").first.check()
    page.evaluate("htmx.trigger(document.body, 'say', {items: [{text: 'Something', tone: 'error'}]})")
    check_free(*page.locator(".bulk .btn").all())
    page = visitor.open(f"/requests/{submit(office).uuid}/")
    page.evaluate("htmx.trigger(document.body, 'say', {items: [{text: 'Something', tone: 'error'}]})")
    check_free(*page.locator(".page-head .btn:visible").all())


def test_error_goes_when_its_field_is_filled(visit, office):
    page = visit(office.requester.username).open(f"/requests/new/?team={office.team.uuid}")
    page.get_by_label("What do you need?").fill("Lenses")
    page.get_by_role("button", name="Submit for approval").click()
    expect(page.locator(".errorlist")).to_have_text("This field is required.")
    draft = PurchaseRequest.objects.get()
    expect(page).to_have_url(re.compile(f"/requests/{draft.uuid}/edit/"))
    page.get_by_label("Campaign").fill("Spring")
    expect(page.locator("[data-saved]")).to_contain_text("Saved")
    expect(page.locator(".errorlist")).to_be_visible()
    page.get_by_label("Budget Amount").fill("a lot")
    expect(page.locator("[data-saved]")).to_contain_text("Not saved yet")
    expect(page.locator(".errorlist")).to_be_visible()
    page.get_by_label("Budget Amount").fill("4200")
    expect(page.locator(".errorlist")).to_have_count(0)
    expect(page.locator(".note.error")).to_have_count(0)
    page.get_by_role("button", name="Submit for approval").click()
    expect(page.locator(".toast")).to_contain_text("Submitted.")


def test_theme_switch_is_kept_on_the_next_page(visit, office):
    visitor = visit(office.requester.username)
    page = visitor.page
    page.get_by_role("button", name="Switch between light and dark").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    dark = page.evaluate("getComputedStyle(document.querySelector('main')).backgroundColor")
    page = visitor.open("/requests/")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    assert (
        page.evaluate("getComputedStyle(document.querySelector('main')).backgroundColor")
        == dark
        != "rgb(255, 255, 255)"
    )


def test_lines_are_typed_and_pasted_as_in_a_spreadsheet(visit, office):
    visitor = visit(office.requester.username)
    page = visitor.open(f"/requests/new/?team={office.team.uuid}")
    page.get_by_label("What do you need?").fill("Paper")
    page.get_by_text("optional; their total is the amount").click()
    page.locator("[name=item_description]").first.fill("A4")
    page.keyboard.press("Tab")
    page.keyboard.type("10")
    page.keyboard.press("Tab")
    page.keyboard.type("5.50")
    expect(page.locator("[data-lines] output").first).to_have_text("55.00")
    page.keyboard.press("Enter")
    page.evaluate(
        """() => {
            const data = new DataTransfer();
            data.setData("text", "Ink\\t2\\t4\\nPens\\t1\\t3");
            const paste = {clipboardData: data, bubbles: true, cancelable: true};
            document.activeElement.dispatchEvent(new ClipboardEvent("paste", paste));
        }"""
    )
    expect(page.locator("[name=item_description]")).to_have_count(3)
    page.get_by_role("button", name="Save draft").click()
    expect(page.locator(".page-title .amount")).to_contain_text("66.00")


def test_dropped_file_is_attached(visit, office):
    draft = make_draft(office)
    page = visit(office.requester.username).open(f"/requests/{draft.uuid}/edit/")
    page.locator("[data-drop]").evaluate(
        """(zone) => {
            const data = new DataTransfer();
            data.items.add(new File(["%PDF-1.4 broken"], "broken.pdf", {type: "application/pdf"}));
            zone.dispatchEvent(new DragEvent("drop", {dataTransfer: data, bubbles: true, cancelable: true}));
        }"""
    )
    expect(page.locator(".toast.error")).to_contain_text("broken.pdf: ")
    expect(page.locator("#files li")).to_have_count(0)


def test_list_filters_while_typing_and_keeps_its_address(visit, office):
    for subject in ("Camera lenses", "Tripod"):
        make_draft(office, subject=subject)
    page = visit(office.requester.username).open("/requests/")
    page.get_by_label("Search in the list").press_sequentially("trip")
    expect(page.locator("tr[data-row]")).to_have_count(1)
    expect(page.get_by_role("link", name="Clear")).to_be_visible()
    expect(page).to_have_url(re.compile("q=trip"))
    page.reload()
    expect(page.locator("tr[data-row]")).to_have_count(1)
    page.get_by_label("State").select_option("Completed")
    expect(page.get_by_text("Nothing matches")).to_be_visible()
    page.go_back()
    expect(page.locator("tr[data-row]")).to_have_count(1)


def test_lines_fit_a_phone(visit, office):
    visitor = visit(office.requester.username, phone=True)
    page = visitor.open(f"/requests/new/?team={office.team.uuid}")
    page.get_by_text("optional; their total is the amount").click()
    description = page.locator("[name=item_description]")
    description.fill("Lens")
    page.locator("[name=item_unit_price]").fill("1234567.89")
    expect(page.locator("[data-lines] output")).to_have_text("1,234,567.89")
    assert description.bounding_box()["width"] > 300
    assert page.locator("[data-lines]").evaluate("table => table.scrollWidth <= table.parentElement.clientWidth")
    visitor.check_accessibility()


def test_submit_while_the_draft_is_being_made_makes_one_request(visit, office):
    visitor = visit(office.requester.username)
    slow = "const real = fetch; fetch = async (...given) => { const answer = await real(...given);"
    visitor.page.add_init_script(slow + " await new Promise((go) => setTimeout(go, 1500)); return answer; };")
    page = visitor.open(f"/requests/new/?team={office.team.uuid}")
    page.get_by_label("What do you need?").fill("Lenses")
    page.get_by_label("Budget Amount").fill("4200")
    expect(page.locator("[data-saved]")).to_contain_text("Saving")
    page.get_by_role("button", name="Submit for approval").click()
    expect(page.locator(".toast")).to_contain_text("Submitted.")
    assert PurchaseRequest.objects.get().status == RequestStatus.PENDING_APPROVAL
