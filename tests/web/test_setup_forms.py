"""The builder of forms: rows with and without script, the preview, versions."""

from decimal import Decimal

import pytest

from bureau.accounts.models import Team
from bureau.purchasing.models import FormTemplate
from bureau.purchasing.services.templates import revise_form_template
from tests.factories.accounts import make_organization, make_team
from tests.factories.purchasing import NOW, make_draft, make_form, make_office

pytestmark = pytest.mark.django_db
BY_SCRIPT = {"HX-Request": "true"}


@pytest.fixture
def browser(office, sign_in):
    return sign_in(office.admin)


@pytest.fixture
def form(office):
    return FormTemplate.objects.get(team=office.team, in_use=True)


def rows(*fields, group="field"):
    """What the browser sends for these rows, in this order; `key` names a row."""
    sent = {group: [row["key"] for row in fields]}
    for row in fields:
        sent |= {f"{group}-{row['key']}-{name}": value for name, value in row.items() if name != "key"}
    return sent


AMOUNT = {"key": "1", "name": "Budget", "field_type": "NUMBER", "required": "on", "is_amount": "on"}
SIZE = {"key": "2", "name": "Size", "field_type": "SELECT", "options": "S\r\n M \r\n\r\nL"}


def path_of(form):
    return f"/setup/forms/{form.uuid}/"


def test_new_form_is_saved_for_a_team(office, browser):
    team = make_team(office.organization, "Site")
    assert f'value="{team.uuid}" selected' in browser.get("/setup/forms/new/").content.decode()
    given = {**rows(AMOUNT, SIZE), **rows({"key": "1", "name": "Quote", "required": "on"}, group="category")}
    answer = browser.post("/setup/forms/new/", {"name": "Site Form", "team": str(team.uuid), "do": "save", **given})
    form = FormTemplate.objects.get(team=team)
    assert answer.headers["Location"] == path_of(form)
    columns = ("field_id", "field_type", "required", "is_amount", "options")
    assert list(form.fields.values_list(*columns)) == [
        ("budget", "NUMBER", True, True, []),
        ("size", "SELECT", False, False, ["S", "M", "L"]),
    ]
    assert list(form.attachment_categories.values_list("name", "required")) == [("Quote", True)]
    assert form.in_use


def test_form_of_no_team_or_a_foreign_one_is_refused(office, browser):
    foreign = Team.objects.create(organization=make_organization(), name="Theirs")
    before = FormTemplate.objects.count()
    for team in ("", str(foreign.uuid), "x"):
        answer = browser.post("/setup/forms/new/", {"name": "F", "team": team, "do": "save", **rows(AMOUNT)})
        assert answer.status_code == 422
    assert FormTemplate.objects.count() == before


def test_change_makes_a_new_version_in_the_order_of_the_page(form, browser):
    answer = browser.post(path_of(form), {"name": "Campaigns", "do": "save", **rows(SIZE, AMOUNT)}, follow=True)
    revised = FormTemplate.objects.get(lineage=form.lineage, superseded=False)
    assert (revised.version_number, revised.in_use, revised.name) == (2, True, "Campaigns")
    assert [field.name for field in revised.fields.all()] == ["Size", "Budget"]
    text = answer.content.decode()
    assert "is saved as version 2" in text
    assert "called “Campaigns”, was “Marketing Form”" in text


def test_unchanged_form_makes_no_version(form, browser):
    page = browser.get(path_of(form)).context["builder"].data
    answer = browser.post(path_of(form), {**dict(page.lists()), "do": "save"}, follow=True)
    assert "Nothing was changed" in answer.content.decode()
    assert FormTemplate.objects.filter(lineage=form.lineage).count() == 1


@pytest.mark.parametrize(
    ("fields", "key", "column", "message"),
    [
        ([{**AMOUNT, "name": " "}], "1", "name", "A name is required."),
        ([AMOUNT, {**AMOUNT, "key": "7", "name": "Other"}], "7", "is_amount", "Only one field can be the amount"),
        ([AMOUNT, {**AMOUNT, "key": "7", "is_amount": ""}], "1", "field_id", "The id budget is there twice."),
        ([{**SIZE, "options": "\r\n"}], "2", "options", "A choice needs options."),
        ([{**AMOUNT, "minimum": "9", "maximum": "1"}], "1", "minimum", "The minimum is above the maximum."),
        ([{**AMOUNT, "minimum": "much"}], "1", "minimum", "Enter a number."),
        ([{**AMOUNT, "field_type": "COLOUR"}], "1", "field_type", "Select a valid choice."),
        ([{**AMOUNT, "field_id": "a b"}], "1", "field_id", "Its id has 1 to 50 letters"),
        ([{**AMOUNT, "help_text": "x" * 301}], "1", "help_text", "Use at most 300 characters."),
    ],
)
def test_problem_stands_beside_its_control_and_the_rows_are_kept(form, browser, fields, key, column, message):
    answer = browser.post(path_of(form), {"name": "Kept", "do": "save", **rows(*fields)})
    assert answer.status_code == 422
    row = next(row for row in answer.context["builder"].fields if row.key == key)
    assert message in row.errors[column][0]
    assert 'value="Kept"' in answer.content.decode()
    assert FormTemplate.objects.filter(lineage=form.lineage).count() == 1


def test_nameless_form_and_repeated_kinds_of_files_are_refused_in_place(form, browser):
    twice = rows({"key": "1", "name": "Quote"}, {"key": "2", "name": "quote"}, group="category")
    answer = browser.post(path_of(form), {"name": "", "do": "save", **rows(AMOUNT), **twice})
    builder = answer.context["builder"]
    assert builder.head.errors["name"]
    assert [bool(row.errors) for row in builder.categories] == [False, True]


def test_what_a_type_has_no_use_for_is_left_out(form, browser):
    texts = {"key": "1", "name": "Why", "field_type": "TEXT", "options": "a", "minimum": "1", "is_amount": "on"}
    assert browser.post(path_of(form), {"name": "F", "do": "save", **rows(texts)}).status_code == 302
    field = FormTemplate.objects.get(lineage=form.lineage, superseded=False).fields.get()
    assert (field.options, field.minimum, field.is_amount) == ([], None, False)


def test_name_without_latin_letters_gets_an_id(form, browser):
    browser.post(path_of(form), {"name": "F", "do": "save", **rows({"key": "4", "name": "預算", "field_type": "TEXT"})})
    assert FormTemplate.objects.get(lineage=form.lineage, superseded=False).fields.get().field_id == "field_4"


@pytest.mark.parametrize(
    ("do", "order"),
    [
        ("field:add", ["Budget", "Size", ""]),
        ("field:up:2", ["Size", "Budget"]),
        ("field:up:1", ["Budget", "Size"]),
        ("field:down:1", ["Size", "Budget"]),
        ("field:remove:1", ["Size"]),
        ("field:remove:99", ["Budget", "Size"]),
        ("nonsense", ["Budget", "Size"]),
        ("preview", ["Budget", "Size"]),
    ],
)
@pytest.mark.parametrize("headers", [{}, BY_SCRIPT], ids=["without script", "with script"])
def test_row_buttons_change_the_page_only(form, browser, do, order, headers):
    answer = browser.post(path_of(form), {"name": "Kept", "do": do, **rows(AMOUNT, SIZE)}, headers=headers)
    assert answer.status_code == 200
    assert [row.title for row in answer.context["builder"].fields] == order
    assert answer.content.decode().startswith("<!doctype") is not bool(headers)
    assert FormTemplate.objects.filter(lineage=form.lineage).count() == 1


def test_preview_draws_the_fields_as_the_request_does(form, browser):
    given = {"name": "F", "do": "preview", **rows(AMOUNT, {**SIZE, "help_text": "As on the label"})}
    answer = browser.post(path_of(form), given, headers=BY_SCRIPT)
    text = answer.content.decode()
    assert '<option value="M">M</option>' in text
    assert "As on the label" in text
    assert 'id="sample_subject"' in text
    assert not {"errorlist", 'id="rows"'} & set(text.split('"'))


def test_outdated_page_does_not_overwrite_a_newer_version(office, form, browser):
    revise_form_template(actor=office.admin, template=form, name="Quicker", now=NOW)
    answer = browser.post(path_of(form), {"name": "Slower", "do": "save", **rows(AMOUNT)})
    assert answer.status_code == 422
    assert "There is a newer version" in answer.content.decode()
    assert 'value="Slower"' in answer.content.decode()
    assert not FormTemplate.objects.filter(name="Slower").exists()


def test_history_tells_what_changed_and_how_many_requests_use_it(office, form, browser):
    make_draft(office)
    revised = revise_form_template(
        actor=office.admin,
        template=form,
        fields=[
            {"field_id": "campaign", "name": "Campaign name", "field_type": "TEXT", "required": True},
            {"field_id": "budget_amount", "name": "Budget Amount", "field_type": "NUMBER", "minimum": Decimal(1)},
            {"field_id": "due", "name": "Due", "field_type": "DATE"},
        ],
        attachment_categories=[{"name": "Quote"}],
        now=NOW,
    )
    newest, first = browser.get(path_of(revised)).context["versions"]
    assert newest["changes"] == [
        "“Due” added",
        "“Campaign” is now “Campaign name”",
        "“Campaign name”: required",
        "“Budget Amount”: optional, other limits, no longer the amount",
        "order changed",
        "files: “Quote” added",
    ]
    assert (newest["version"].requests, first["version"].requests) == (0, 1)
    assert newest["version"].author == office.admin
    old = browser.get(path_of(form)).content.decode()
    assert f'href="{path_of(revised)}"' in old
    assert "Campaign" in old


def test_former_form_is_put_in_use_again(office, form, browser):
    other = make_form(office, name="Other")
    browser.post(path_of(form) + "use/")
    other.refresh_from_db()
    form.refresh_from_db()
    assert (form.in_use, other.in_use) == (True, False)


def test_form_is_copied_for_another_team(office, form, browser):
    builder = browser.get(f"/setup/forms/new/?copy={form.uuid}").context["builder"]
    assert [row.title for row in builder.fields] == ["Budget Amount", "Campaign"]
    foreign = make_form(make_office())
    builder = browser.get(f"/setup/forms/new/?copy={foreign.uuid}").context["builder"]
    assert [row.title for row in builder.fields] == ["Amount"]
    assert browser.get("/setup/forms/new/?copy=x&team=y").status_code == 200


def test_list_shows_newest_versions_and_teams_without_a_form(office, form, browser):
    revise_form_template(actor=office.admin, template=form, name="Campaigns", now=NOW)
    make_team(office.organization, "Site")
    answer = browser.get("/setup/forms/")
    assert {row.name for row in answer.context["page"]} == {"Campaigns", "General Form"}
    assert "Site has no form" in answer.content.decode()
