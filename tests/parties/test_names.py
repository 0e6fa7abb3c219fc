"""What a customer is called, whichever way it was given."""

import pytest

from bureau.parties.names import Names, renamed, split

ACME = Names("company", company_name="Acme")
JANE = Names("person", "Jane", "Doe")
ANN = Names("person", "Mary", "van Houten", "Acme")


@pytest.mark.parametrize(
    ("before", "given", "after"),
    [
        (Names(), {"name": "Jane Q. Doe"}, Names("person", "Jane Q.", "Doe")),
        (Names(), {"name": " Jane \t Doe ", "company_name": ""}, JANE),
        (Names(), {"name": "Madonna"}, Names("person", "", "Madonna")),
        (Names(), {"name": "Mary Doe", "company_name": "Acme"}, Names("person", "Mary", "Doe", "Acme")),
        (Names(), {"name": "Acme", "company_name": "Acme"}, ACME),
        (Names(), {"name": "Acme", "customer_type": "company"}, ACME),
        (Names(), {"name": "Acme", "company_name": "", "customer_type": "company"}, ACME),
        (Names(), {"name": "Acme", "company_name": "Acme", "customer_type": "person"},
         Names("person", "", "Acme", "Acme")),
        (Names(), {"company_name": "Acme"}, ACME),
        (Names(), {"name": "", "company_name": "Acme"}, ACME),
        (Names(), {"first_name": "Jane", "last_name": "Doe"}, JANE),
        (Names(), {"first_name": "Jane", "last_name": "Doe", "name": "J. D."}, JANE),
        (Names(), {"last_name": "Doe", "company_name": "Acme"}, Names("person", "", "Doe", "Acme")),
        (Names(), {"customer_type": "company", "company_name": "Acme", "first_name": "Jane"},
         Names("company", "Jane", "", "Acme")),
        (Names(), {}, Names()),
        (Names(), {"customer_type": "person"}, Names("person")),
        (ACME, {"name": "Bolt"}, Names("company", company_name="Bolt")),
        (ACME, {"company_name": "Bolt"}, Names("company", company_name="Bolt")),
        (ACME, {"name": "Bolt", "company_name": "Acme"}, Names("company", company_name="Bolt")),
        (ACME, {"name": "Acme", "company_name": "Bolt"}, Names("company", company_name="Bolt")),
        (ACME, {"name": "Bolt", "company_name": "Bolt"}, Names("company", company_name="Bolt")),
        (ACME, {"name": "Jane Doe", "company_name": "Bolt"}, Names("person", "Jane", "Doe", "Bolt")),
        (ACME, {"name": "Acme", "company_name": ""}, Names("person", "", "Acme")),
        (ACME, {"company_name": ""}, Names("company")),
        (ACME, {"customer_type": "person"}, Names("person", "", "Acme")),
        (ACME, {"customer_type": "person", "first_name": "Jane", "last_name": "Doe"}, JANE),
        (ACME, {"customer_type": "person", "first_name": "", "company_name": "Acme"}, Names("person", "", "", "Acme")),
        (ACME, {"first_name": "Jane"}, Names("company", "Jane", "", "Acme")),
        (JANE, {"name": "Jane Miller"}, Names("person", "Jane", "Miller")),
        (JANE, {"last_name": "Miller"}, Names("person", "Jane", "Miller")),
        (JANE, {"company_name": "Acme"}, Names("person", "Jane", "Doe", "Acme")),
        (JANE, {"name": "Acme", "company_name": "Acme"}, Names("company", "Jane", "Doe", "Acme")),
        (JANE, {"customer_type": "company"}, Names("company", "Jane", "Doe", "Jane Doe")),
        (JANE, {"customer_type": "company", "company_name": ""}, Names("company", "Jane", "Doe", "")),
        (JANE, {"first_name": "", "last_name": ""}, Names("person")),
        (ANN, {"name": "Mary van Houten", "company_name": "Acme"}, ANN),
        (ANN, {"name": "Mary van Houten", "company_name": ""}, Names("person", "Mary", "van Houten")),
        (ANN, {"first_name": "Mary Ann", "name": "Mary van Houten"}, Names("person", "Mary Ann", "van Houten", "Acme")),
    ],
)  # fmt: skip
def test_names_follow_from_what_was_given(before, given, after):
    assert renamed(before, given) == after


@pytest.mark.parametrize("names", [ACME, JANE, ANN])
def test_record_written_back_as_it_was_read_stays(names):
    assert renamed(names, {"name": names.name, "company_name": names.company_name}) == names


@pytest.mark.parametrize("name", ["Jane Q. Doe", "Madonna", "A B C D"])
def test_split_name_is_called_as_before(name):
    assert Names("person", *split(name)).name == name
