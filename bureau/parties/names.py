"""What a customer is called: from what was given of it to its kind and the parts of its name. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from bureau.parties.models import CustomerType

NAMING = ("name", "customer_type", "first_name", "last_name", "company_name")
PARTS = {"first_name", "last_name"}


@dataclass(frozen=True, slots=True)
class Names:
    """`customer_type` empty: nothing is known yet. A company's first and last name are those of a contact."""

    customer_type: str = ""
    first_name: str = ""
    last_name: str = ""
    company_name: str = ""

    @property
    def name(self) -> str:
        """A company is called by its company name, a person by first and last name."""
        if self.customer_type == CustomerType.COMPANY:
            return self.company_name
        return f"{self.first_name} {self.last_name}".strip()


def split(name: str) -> tuple[str, str]:
    """First and last name, at the last space; a single word is a last name."""
    first, _space, last = name.rpartition(" ")
    return first, last


def renamed(names: Names, given: Mapping[str, str]) -> Names:
    """The names after `given`, some of NAMING: a client has a `name` and a company, a customer the parts.

    What is given as it was is no change, so that a record written back as it was read stays. First and last name count
    more than `name`. Without a customer_type a name that is the company's, or a company alone, makes a company; a
    company that gets a new name, or a new company name, is renamed; whoever else has a name is a person.
    """
    told = {field: " ".join(given[field].split()) for field in NAMING if field in given}
    if not told.get("name"):
        told.pop("name", None)
    new = {field: text for field, text in told.items() if text != getattr(names, field)}
    if not new:
        return names
    kind = told.get("customer_type") or _kind(names, told, new)
    first, last = (told.get(part, getattr(names, part)) for part in ("first_name", "last_name"))
    company = told.get("company_name", names.company_name)
    name = "" if any(new.get(part) for part in PARTS) else new.get("name", "")
    if kind == CustomerType.COMPANY:
        if name and "company_name" not in new:
            company = name
        elif "company_name" not in told:
            company = company or names.name
        return Names(kind, first, last, company)
    if names.customer_type == CustomerType.COMPANY and "company_name" not in told:
        company = ""  # was the name
    if name:
        first, last = split(name)
    elif not (first or last or PARTS & told.keys()):
        first, last = split(names.name)
    return Names(kind, first, last, company)


def _kind(names: Names, told: Mapping[str, str], new: Mapping[str, str]) -> str:
    company = told.get("company_name", names.company_name)
    if "name" not in told:
        alone = company and not (told.get("first_name") or told.get("last_name"))
        return names.customer_type or (CustomerType.COMPANY if alone else CustomerType.PERSON)
    if told["name"] == company:
        return CustomerType.COMPANY
    once = ("name" in new) != ("company_name" in new)
    if names.customer_type == CustomerType.COMPANY and company and once:
        return CustomerType.COMPANY
    return CustomerType.PERSON
