"""Who Northwind Builders works for: people who come to work on its sites, and companies that settle; and the few
customers of the sole traders."""

import random
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.utils import timezone

from bureau.core.models import User
from bureau.demo.clock import HISTORY, SEED, Event, office_hours
from bureau.parties.models import Customer
from bureau.parties.services.customers import create_customer, set_active

# first name, last name, nationality, gender, birth place
PERSONS = [
    ("Ana", "Petrović", "SRB", "F", "Niš"), ("Marko", "Kovač", "BIH", "M", "Tuzla"),
    ("Arjun", "Mehta", "IND", "M", "Pune"), ("Lucía", "Navarro", "MEX", "F", "Puebla"),
    ("Yusuf", "Demir", "TUR", "M", "Bursa"), ("Linh", "Nguyen", "VNM", "F", "Hue"),
    ("Olena", "Shevchenko", "UKR", "F", "Lviv"), ("Kwame", "Mensah", "GHA", "M", "Kumasi"),
    ("Priya", "Raman", "IND", "F", "Chennai"), ("Emre", "Yilmaz", "TUR", "M", "Izmir"),
    ("Fatima", "El Idrissi", "MAR", "F", "Fes"), ("João", "Carvalho", "BRA", "M", "Recife"),
    ("Dragan", "Ilić", "SRB", "M", "Novi Sad"), ("Nino", "Beridze", "GEO", "F", "Batumi"),
    ("Thabo", "Dlamini", "ZAF", "M", "Durban"), ("Mei", "Chen", "CHN", "F", "Ningbo"),
    ("Andriy", "Bondar", "UKR", "M", "Kharkiv"), ("Amina", "Diallo", "SEN", "F", "Thies"),
    ("Hassan", "Raza", "PAK", "M", "Lahore"), ("Camila", "Rojas", "CHL", "F", "Valdivia"),
    ("Arben", "Hoxha", "ALB", "M", "Durres"), ("Sofía", "Quispe", "PER", "F", "Cusco"),
    ("Tariq", "Aziz", "PAK", "M", "Karachi"), ("Mirela", "Hadžić", "BIH", "F", "Mostar"),
    ("Bao", "Tran", "VNM", "M", "Da Nang"), ("Grace", "Wanjiru", "KEN", "F", "Nakuru"),
    ("Vikram", "Singh", "IND", "M", "Jaipur"), ("Elif", "Kaya", "TUR", "F", "Konya"),
    ("Besnik", "Leka", "ALB", "M", "Shkodra"), ("Natalia", "Gómez", "COL", "F", "Cali"),
    ("Daniel", "Okoye", "NGA", "M", "Enugu"), ("Tamar", "Lomidze", "GEO", "F", "Kutaisi"),
    ("Rafael", "Moreno", "MEX", "M", "Toluca"), ("Iryna", "Koval", "UKR", "F", "Odesa"),
    ("Joseph", "Kamau", "KEN", "M", "Eldoret"), ("Hye-jin", "Park", "KOR", "F", "Busan"),
    ("Goran", "Stojanov", "MKD", "M", "Bitola"), ("Leila", "Ben Salah", "TUN", "F", "Sfax"),
    ("Ravi", "Perera", "LKA", "M", "Kandy"), ("Isabel", "Duarte", "BRA", "F", "Santos"),
    ("Omar", "Farouk", "EGY", "M", "Tanta"), ("Svitlana", "Melnyk", "UKR", "F", "Poltava"),
    ("Ahmet", "Aydin", "TUR", "M", "Adana"), ("Noor", "Haddad", "JOR", "X", "Irbid"),
    ("Wei", "Zhang", "CHN", "M", "Xiamen"),
]  # fmt: skip
# name, contact, tax number, city, country
COMPANIES = [
    ("Alster Facades GmbH", "Petra Lorenz", "DE811204551", "22087 Hamburg", "DE"),
    ("Baltic Timber Oy", "Jussi Laine", "FI28817341", "00180 Helsinki", "FI"),
    ("Demir Concrete Works", "Ayşe Demir", "TR6120458813", "35530 Izmir", "TR"),
    ("Elbe Crane Rental GmbH", "Jonas Wirth", "DE815530276", "21129 Hamburg", "DE"),
    ("Fernandes & Silva Lda", "Rui Fernandes", "PT509442013", "4100-120 Porto", "PT"),
    ("Harbour Catering GmbH", "Miriam Vogt", "DE812774098", "20459 Hamburg", "DE"),
    ("Kaya Interior Design", "Deniz Kaya", "TR4480193357", "34710 Istanbul", "TR"),
    ("Krasniqi Drywall UG", "Ilir Krasniqi", "DE349917420", "22111 Hamburg", "DE"),
    ("Lotus Surveying Pte", "Tan Mei Ling", "SG201733419C", "079903 Singapore", "SG"),
    ("Mehta Steel Detailing", "Sunil Mehta", "IN27AAFCM4410", "411001 Pune", "IN"),
    ("Nordlicht Elektro GmbH", "Silke Behn", "DE814406632", "24103 Kiel", "DE"),
    ("Okoye Site Services", "Ngozi Okoye", "NG10442871", "101233 Lagos", "NG"),
    ("Polder Drainage BV", "Sanne de Wit", "NL861204417B01", "3011 Rotterdam", "NL"),
    ("Saha Scaffolding Ltd", "Mina Saha", "GB334190275", "E16 2QU London", "GB"),
    ("Weser Logistik GmbH", "Torben Ahlers", "DE817733150", "28195 Bremen", "DE"),
]  # fmt: skip
OWN = {
    "owner": [
        ("person", "Eero", "Salonen"), ("person", "Aino", "Mäkelä"), ("company", "Café Kaarna", ""),
        ("company", "Studio Lumi Oy", ""),
    ],
    "owner2": [
        ("person", "Inés", "Vidal"), ("person", "Pau", "Ferrer"), ("company", "Bodega Rivera SL", ""),
        ("person", "Nuria", "Campos"),
    ],
}  # fmt: skip
OWN_ADDRESSES = {
    "owner": ("Fredrikinkatu {}\n00120 Helsinki", "FI"),
    "owner2": ("Calle de Atocha {}\n28012 Madrid", "ES"),
}
KEEPERS = ["staff", "manager", "staff", "requester", "staff", "pm", "staff", "finance"]
"""Who looks after the customers, one after the other."""
STREETS = ["Grindelallee", "Lange Reihe", "Eppendorfer Weg", "Veddeler Damm", "Mühlenkamp", "Fuhlsbüttler Strasse"]


@dataclass
class Book:
    """The customers, as they come: Northwind's persons and companies by their places above, the others by username."""

    persons: dict[int, Customer] = field(default_factory=dict)
    companies: dict[int, Customer] = field(default_factory=dict)
    own: dict[str, list[Customer]] = field(default_factory=dict)


def customer_events(people: dict[str, User], book: Book, *, now: datetime) -> Iterator[Event]:
    """Each comes before their first case (demo/cases.py); two are no customers any more."""
    chance = random.Random(SEED + 2)
    for number, row in enumerate(PERSONS):
        fields = _person(row, number, chance, today=timezone.localdate(now))
        yield Event(came(number, now), _adding(book.persons, number, people[keeper(number)], fields))
    for number, (name, contact, tax_number, city, country) in enumerate(COMPANIES):
        first, _space, last = contact.partition(" ")
        fields = {
            "customer_type": "company", "company_name": name, "first_name": first, "last_name": last,
            "email": f"office@{_ascii(name.split()[0])}.example.com", "phone": f"+49 40 7710 {140 + number}",
            "address": f"{STREETS[number % len(STREETS)]} {5 + 3 * number}\n{city}", "tax_number": tax_number,
            "country": country, "notify_steps_due": number % 3 == 0,
        }  # fmt: skip
        yield Event(came(number * 3, now), _adding(book.companies, number, people[keeper(number)], fields))
    for username, rows in OWN.items():
        book.own[username] = []
        address, country = OWN_ADDRESSES[username]
        for number, (kind, first, last) in enumerate(rows):
            named = {"company_name": first} if kind == "company" else {"first_name": first, "last_name": last}
            fields = {
                "customer_type": kind, **named, "email": f"{_ascii(first)}.{number}@example.com",
                "address": address.format(4 + 3 * number), "country": country,
            }  # fmt: skip
            yield Event(now - HISTORY * (9 - number) / 10, _adding_own(book.own[username], people[username], fields))
    for number in (len(PERSONS) - 1, len(PERSONS) - 2):
        yield Event(now - timedelta(days=30 + number), _leaving(book, number))


def came(number: int, now: datetime) -> datetime:
    """When the customer at this place became one: the first on the first day, the last some weeks ago."""
    age = HISTORY - timedelta(days=1) - (HISTORY - timedelta(days=100)) * number / len(PERSONS)
    return office_hours(now - age, random.Random(number))


def keeper(number: int) -> str:
    return KEEPERS[number % len(KEEPERS)]


def passport_ends(number: int, today: date) -> date:
    """Of the person at this place: some expire in these weeks, some have expired; the others are valid for long."""
    if number % 9 == 4:
        return today + timedelta(days=9 + 4 * number % 50)
    if number % 17 == 6:
        return today - timedelta(days=20 + 3 * number)
    return today + timedelta(days=500 + 61 * number)


def holds_long(number: int) -> bool:
    """Whether the passport of the person at this place is valid for long."""
    return number % 9 != 4 and number % 17 != 6


def passport_number(number: int) -> str:
    return f"{'CFHKPX'[number % 6]}{7_104_233 + 91_807 * number}"


def _person(row: tuple[str, str, str, str, str], number: int, chance: random.Random, *, today: date) -> dict[str, Any]:
    first, last, nationality, gender, birth_place = row
    ends = passport_ends(number, today)
    return {
        "customer_type": "person", "first_name": first, "last_name": last,
        "title": {"F": "Ms", "M": "Mr"}.get(gender, ""), "nationality": nationality, "gender": gender,
        "birth_place": birth_place,
        "birthdate": date(1964 + chance.randint(0, 38), chance.randint(1, 12), 1 + number % 28),
        "passport_number": passport_number(number), "passport_issue_date": ends - timedelta(days=3652),
        "passport_expiry_date": ends, "email": f"{_ascii(first)}.{_ascii(last)}@example.com",
        "phone": f"+49 151 {2_304_110 + 7919 * number}", "whatsapp": f"+49 151 {2_304_110 + 7919 * number}",
        "address": f"{STREETS[number % len(STREETS)]} {3 + 2 * number}\n20{100 + number} Hamburg", "country": "DE",
        "notify_steps_due": number % 2 == 0, "notify_documents_expiring": number % 4 == 0,
    }  # fmt: skip


def _adding(
    places: dict[int, Customer], number: int, actor: User, fields: dict[str, Any]
) -> Callable[[datetime], None]:
    def add(at: datetime) -> None:
        places[number] = create_customer(actor=actor, now=at, **fields)

    return add


def _adding_own(places: list[Customer], actor: User, fields: dict[str, Any]) -> Callable[[datetime], None]:
    return lambda at: places.append(create_customer(actor=actor, now=at, **fields))


def _leaving(book: Book, number: int) -> Callable[[datetime], object]:
    def leave(at: datetime) -> None:
        customer = book.persons[number]
        set_active(actor=customer.owner, customer=customer, active=False, now=at)

    return leave


def _ascii(text: str) -> str:
    """For an e-mail address."""
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower().replace(" ", "-")
