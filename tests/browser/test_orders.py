"""Purchase orders as their people make and decide them: on a phone, by keyboard, without script."""

from decimal import Decimal

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from bureau.purchasing.models import PurchaseOrder
from bureau.purchasing.states import OrderStatus
from tests.core.samples import png_bytes
from tests.factories.orders import make_order, make_site, order_in, submit

ORDER_STATES = [OrderStatus.DRAFT, OrderStatus.SUBMITTED, OrderStatus.APPROVED, OrderStatus.REJECTED]


@pytest.fixture
def site(live_server):
    return make_site()


def a_photo():
    return {"name": "receipt.png", "mimeType": "image/png", "buffer": png_bytes()}


def cell(page, row, label):
    return page.locator("[data-lines] tbody tr").nth(row).get_by_label(label, exact=True)


def test_walkup_goes_from_the_phone_of_the_foreman_to_closed(visit, site):
    make_order(site)  # the project and code of the last one are proposed
    foreman = visit(site.foreman.username, phone=True)
    page = foreman.page
    page.get_by_label("New", exact=True).click()
    page.get_by_role("link", name="Walk-up order").click()
    foreman.check_accessibility()
    page.get_by_label("Photo of the receipt").set_input_files(a_photo())
    expect(page.locator(".photo-seen")).to_be_visible()
    page.get_by_label("Where?").fill("Hardware Haus")
    page.get_by_label("What?").fill("Diesel pump")
    page.get_by_label("Amount, tax included").fill("462.00")
    page.get_by_label("Tax in it").select_option("GP")
    page.get_by_label("Why could it not wait?").fill("The trench ran full overnight.")
    expect(page.get_by_label("Cost code")).to_have_value("CC-001")
    page.get_by_role("button", name="Submit for approval").click()
    expect(page.locator(".chip.tint")).to_have_text("Waits for approval")
    expect(page.locator(".toast")).to_contain_text(site.superintendent.name)
    foreman.check_accessibility()
    order = PurchaseOrder.objects.get(type="walkup")
    assert order.total_amount == 462

    decider = visit(site.superintendent.username, phone=True)
    decider.check_accessibility()
    decider.page.get_by_role("link", name="Hardware Haus").click()
    side = decider.page.locator("#side")
    expect(side).to_contain_text("your limit is the smallest")
    expect(side).to_contain_text("receipt.png")
    decider.check_accessibility()
    assert decider.page.evaluate("document.documentElement.scrollWidth <= 360")
    side.get_by_role("button", name="Approve").click()
    expect(decider.page.locator("body")).to_contain_text("Nothing waits for you")

    page = foreman.open(reverse("web:order", args=[order.pk]))
    page.get_by_role("link", name="Close…").click()
    foreman.check_accessibility()
    page.get_by_role("button", name="Close the order").click()
    expect(page.locator(".chip.tint")).to_have_text("Closed")
    order.refresh_from_db()
    assert order.status == OrderStatus.CLOSED


def test_order_is_typed_without_the_mouse(visit, site):
    visitor = visit(site.foreman.username)
    page = visitor.page
    page.keyboard.press("n")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/orders/new/")
    page.get_by_label("Vendor").press_sequentially("ABC Supply Co.")
    expect(page.get_by_label("E-mail")).to_have_value("orders@abcsupply.com")
    page.get_by_label("Project").select_option("PRJ001")
    page.get_by_label("Cost code").select_option("CC-001")
    cell(page, 0, "Description").focus()
    for text in ("2x4 Lumber - 8ft", "50", "pcs", "12.50"):
        page.keyboard.type(text)
        page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.type("GP")
    expect(page.locator("[data-out=total]").first).to_have_text("700.00")
    page.keyboard.press("Enter")
    expect(cell(page, 1, "Description")).to_be_focused()
    page.keyboard.type("Nails")
    page.keyboard.press("Tab")
    page.keyboard.type("3")
    page.keyboard.press("ArrowUp")
    expect(cell(page, 0, "Quantity")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(cell(page, 1, "Quantity")).to_be_focused()
    cell(page, 1, "Unit price").fill("0.335")
    expect(page.locator("[data-sum=total]")).to_have_text("700.00")  # what cannot be read counts for nothing
    cell(page, 1, "Unit price").fill("1,000.35")
    expect(page.locator("[data-out=net]").nth(1)).to_have_text("3,001.05")
    expect(page.locator("[data-out=tax]").nth(1)).to_have_text("360.13")
    expect(page.locator("[data-sum=total]")).to_have_text("4,061.18")
    expect(page.locator("#outlook")).to_contain_text("145,938.82")
    expect(page.locator("#outlook")).to_contain_text(site.superintendent.name)
    expect(page.locator("[data-saved]")).to_contain_text("Saved")
    cell(page, 0, "Description").press("Control+Delete")
    expect(page.locator("[data-lines] tbody tr")).to_have_count(1)
    expect(page.locator("[data-sum=total]")).to_have_text("3,361.18")
    visitor.check_accessibility()
    page.keyboard.press("Control+Enter")
    expect(page.locator(".chip.tint")).to_have_text("Waits for approval")
    order = PurchaseOrder.objects.get()
    assert (str(order.total_amount), order.vendor) == ("3361.18", site.vendor)


def test_rows_of_a_spreadsheet_are_pasted(visit, site):
    page = visit(site.foreman.username).open("/orders/new/")
    cell(page, 0, "Description").focus()
    rows = "Excavator\t2\tdays\t$1,250.00\tEquipment\tGST2\nHelper\t16\th\t38.5\tLab\tXMPT\nWithout a price\n"
    page.evaluate(
        """(text) => {
            const data = new DataTransfer();
            data.setData("text", text);
            const event = new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true });
            document.activeElement.dispatchEvent(event);
        }""",
        rows,
    )
    expect(page.locator("[data-lines] tbody tr")).to_have_count(3)
    expect(cell(page, 0, "Category")).to_have_value("EQ")
    expect(cell(page, 1, "Category")).to_have_value("LA")
    expect(cell(page, 1, "Tax")).to_have_value("XMPT")
    expect(page.locator("[data-out=total]").first).to_have_text("2,625.00")
    expect(page.locator("[data-sum=total]")).to_have_text("3,241.00")
    expect(cell(page, 2, "Description")).to_have_value("Without a price")


def test_lines_that_could_not_be_saved_come_back(visit, site):
    visitor = visit(site.foreman.username)
    page = visitor.open("/orders/new/")
    cell(page, 0, "Description").fill("Gravel")
    cell(page, 0, "Unit price").fill("44")
    cell(page, 0, "Unit price").press("Enter")
    cell(page, 1, "Description").fill("Sand")
    expect(page.locator("[data-saved]")).to_contain_text("Kept in this browser")
    page = visitor.open("/orders/new/")
    expect(cell(page, 1, "Description")).to_have_value("Sand")
    expect(page.locator("[data-sum=total]")).to_have_text("44.00")
    assert not PurchaseOrder.objects.exists()


def test_kind_shows_its_own_fields(visit, site):
    page = visit(site.foreman.username).open("/orders/new/")
    expect(page.get_by_role("textbox", name="Ceiling")).to_be_hidden()
    page.get_by_label("Rolling").check()
    expect(page.get_by_role("textbox", name="Ceiling")).to_be_visible()
    page.get_by_label("Walk-up").check()
    expect(page.get_by_role("textbox", name="Ceiling")).to_be_hidden()
    expect(page.get_by_label("Why could it not wait?")).to_be_visible()


def test_orders_are_filtered_as_one_types_and_decided_together(visit, site):
    for vendor in ("Acme", "Zeta", "Zeta"):
        submit(make_order(site, vendor_name=vendor))
    page = visit(site.superintendent.username).open("/orders/?scope=waiting")
    page.get_by_label("Search in the list").press_sequentially("zeta")
    expect(page.locator("tr[data-row]")).to_have_count(2)
    expect(page.locator("tfoot")).to_contain_text("1,400.00")
    page.keyboard.press("Escape")
    page.locator("#main").focus()
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.locator(".bulk").get_by_role("button", name="Approve").click()
    expect(page.locator(".toast")).to_contain_text("Approved: 2.")
    assert PurchaseOrder.objects.filter(status=OrderStatus.APPROVED).count() == 2


def test_order_goes_its_way_without_script(visit, site):
    page = visit(site.foreman.username, script=False).page
    page.get_by_label("New", exact=True).click()
    page.get_by_role("link", name="New order").click()
    page.get_by_label("Vendor").fill("ABC Supply Co.")
    page.get_by_label("Project").select_option("PRJ001")
    page.get_by_role("button", name="Show its cost codes").click()
    page.get_by_label("Cost code").select_option("CC-001")
    page.get_by_role("button", name="More lines").click()
    expect(page.locator("[data-lines] tbody tr")).to_have_count(5)
    cell(page, 0, "Description").fill("Gravel")
    cell(page, 0, "Unit price").fill("44")
    page.get_by_role("button", name="Submit for approval").click()
    expect(page.locator(".chip.tint")).to_have_text("Waits for approval")

    page = visit(site.superintendent.username, script=False).page
    page.get_by_role("link", name="ABC Supply Co.").click()
    page.get_by_role("link", name="Approve").click()
    page.get_by_role("button", name="Approve").click()
    expect(page.locator(".chip.tint")).to_have_text("Approved")


@pytest.mark.parametrize("phone", [False, True], ids=["desk", "phone"])
def test_pages_are_accessible_and_fit_their_width(visit, site, phone):
    orders = [order_in(status, site, description="Fence " + "x" * 80) for status in ORDER_STATES]
    orders += [
        order_in("approved", site, type="rolling", lines=[], ceiling_amount=Decimal(9000)),
        order_in("approved", site, type="walkup", urgency_justification="Rain"),
    ]
    visitor = visit(site.pm.username, phone=phone)
    places = [
        "/orders/?scope=all",
        "/orders/?scope=waiting",
        "/orders/?q=nothing",
        "/orders/new/",
        "/orders/walk-up/",
        "/account/",
        "/",
    ]
    places += [reverse("web:order", args=[order.pk]) for order in orders]
    places += [reverse("web:order-decide", args=[orders[1].pk]) + "?decision=approve"]
    for place in places:
        page = visitor.open(place)
        visitor.check_accessibility()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), place
        if phone:
            assert page.evaluate("innerWidth") == 360, place


def test_refusals_are_accessible(visit, site):
    visitor = visit(site.foreman.username)
    page = visitor.open("/orders/new/")
    cell(page, 0, "Description").fill("Gravel")
    cell(page, 0, "Unit price").fill("much")
    page.get_by_role("button", name="Submit for approval").click()
    expect(page.locator("td.has-error .errorlist")).to_contain_text("Give a number")
    visitor.check_accessibility()
