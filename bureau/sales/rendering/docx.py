"""Invoices and credit notes as DOCX, from the built-in template or the organization's own. docs/invoice-templates.md
lists what a template is given."""

import re
from pathlib import Path
from typing import Any

import orjson
from django.utils.translation import gettext as _

from bureau.core import files
from bureau.core.models import Organization, ScanState
from bureau.documents import sandbox
from bureau.documents.typesetting import amount_text, day_text, number_text
from bureau.kit.errors import BusinessRule
from bureau.sales.models import CreditNote, Invoice
from bureau.sales.rendering.content import Content, credit_note_content, invoice_content
from bureau.sales.rendering.layout import iban_text, rate_text, titles
from bureau.sales.rendering.parties import address_lines

CONTENT_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
BUILT_IN = Path(__file__).parent / "docx_templates" / "invoice.docx"
PROGRAM = Path(__file__).with_name("docx_program.py")
SECONDS = 10

_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
"""What a document cannot hold; a bell or form feed would else be a new paragraph or page."""


class TemplateFaulty(BusinessRule):
    """A template that cannot be filled in; the message says why."""

    code = "TEMPLATE_FAULTY"


def invoice_docx(invoice: Invoice) -> bytes:
    """Raises TemplateFaulty, and what opening the organization's template raises: ScanPending, Locked; RateLimited."""
    return _written(invoice_content(invoice))


def credit_note_docx(note: CreditNote) -> bytes:
    """As `invoice_docx`."""
    return _written(credit_note_content(note))


def _written(content: Content) -> bytes:
    organization = content.organization
    template = BUILT_IN.read_bytes()
    if organization.invoice_template is not None:
        with files.open_clean(organization.invoice_template) as own:
            template = own.read()
    return fill_in(template, variables(content), logo=_logo(organization))


def fill_in(template: bytes, given: dict[str, Any], *, logo: bytes | None = None) -> bytes:
    """Raises TemplateFaulty, RateLimited."""
    parts = {"template.docx": template, "context.json": orjson.dumps(given)}
    if logo is not None:
        parts["logo"] = logo
    try:
        return sandbox.run_program(str(PROGRAM), "fill", parts, seconds=SECONDS)
    except sandbox.Failed as failed:
        raise TemplateFaulty(_problem(failed)) from failed


def _problem(failed: sandbox.Failed) -> str:
    match failed.reason:
        case "unknown":
            name = failed.details["name"]
            return _("The template asks for something that it is not given: %(name)s. Take it out.") % {"name": name}
        case "forbidden":
            what = failed.details["what"]
            return _("The template must not do this: %(what)s. It may only place values.") % {"what": what}
        case "syntax":
            problem = failed.details["message"]
            return _("The template cannot be read: %(problem)s. Correct its tags.") % {"problem": problem.rstrip(".")}
        case "stopped":
            return _("Filling in the template takes too long or too much memory. Look for a loop within a loop.")
        case _:
            return _("The template is damaged. Save it anew as DOCX.")


def variables(content: Content) -> dict[str, Any]:
    """What a template may place: texts and figures that are ready to print, and lists of them."""
    given = {
        "title": titles()[content.kind],
        "number": content.number,
        "date": day_text(content.issue_date),
        "due_date": day_text(content.due_date) if content.due_date else "",
        "mark": content.mark,
        "invoice_number": content.reference[0] if content.reference else content.number,
        "quote_number": content.quote_number,
        "currency": content.currency,
        "seller": _party(content.seller) | {"iban": iban_text(content.seller["iban"])},
        "buyer": _party(content.buyer),
        "lines": [
            {
                "number": line.line_number,
                "description": line.description,
                "quantity": number_text(line.quantity),
                "unit": line.unit,
                "unit_price": amount_text(line.unit_price),
                "discount": rate_text(line.discount_percent) if line.discount_percent else "",
                "tax": rate_text(line.tax_rate),
                "net_amount": amount_text(line.net_amount),
                "tax_amount": amount_text(line.tax_amount),
                "total": amount_text(line.line_total),
            }
            for line in content.lines
        ],
        "taxes": [
            {"rate": rate_text(tax.rate), "net": amount_text(tax.net), "tax": amount_text(tax.tax)}
            for tax in content.taxes
        ],
        "reasons": content.exemptions,
        "subtotal": amount_text(content.subtotal),
        "tax_amount": amount_text(content.tax_amount),
        "total": amount_text(content.total_amount),
        "paid": amount_text(content.paid) if content.paid else "",
        "balance": amount_text(content.due),
        "reference": content.number if content.payable else "",
        "terms": content.terms,
        "notes": content.notes,
        "logo": "",
    }
    cleaned: dict[str, Any] = _cleaned(given)
    return cleaned


def _party(party: dict[str, Any]) -> dict[str, str]:
    return {**party, "address": "\n".join(address_lines(party["address"]))}


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return _CONTROLS.sub("", value.replace("\r\n", "\n"))
    if isinstance(value, dict):
        return {name: _cleaned(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_cleaned(part) for part in value]
    return value


def _logo(organization: Organization) -> bytes | None:
    stored = organization.logo
    if stored is None or stored.scan_state != ScanState.CLEAN:
        return None
    with files.open_clean(stored) as content:
        return content.read()
