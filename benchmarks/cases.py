"""Cases of the last 18 months in bulk: products by the services, then the course of each case day by day."""

import random
from bisect import bisect
from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from itertools import islice
from uuid import UUID

from django.db import connection
from django.utils import timezone
from sequences.models import Sequence

from benchmarks.customers import Clientele
from benchmarks.orders import CHUNK, DAYS
from benchmarks.tables import Chain, Row, Tables
from bureau.accounts.permissions import SYSTEM
from bureau.cases.calendars import calendars_of
from bureau.cases.models import Case, CaseDocument, CaseStep, Product, ProductDocument, StepPause
from bureau.cases.models.products import ProductTask
from bureau.cases.planning import plan, shifted
from bureau.cases.services.document_types import create_document_type
from bureau.cases.services.products import DocumentInput, TaskInput, create_product
from bureau.cases.states import CaseStatus, Piece, StepStatus, case_status
from bureau.core.models import Organization, ScanState, StoredFile

PRODUCTS = 12
# With a number, with an expiry date, months that it must be valid after the case
TYPES = {
    "Passport": (True, True, 6), "Photo": (False, False, 0), "Contract of employment": (False, False, 0),
    "Certificate of insurance": (True, True, 0), "Proof of address": (False, False, 0),
    "Bank statement": (False, False, 0), "Degree": (False, False, 0), "Police certificate": (True, True, 3),
    "Power of attorney": (False, False, 0), "Extract of the register": (True, False, 0),
}  # fmt: skip
KINDS = "visa", "permit", "company", "licence"
TASKS = "Collect documents", "Fill in the application", "Submit to the authority", "Wait for the decision", "Hand over"
DURATIONS = 5, 3, 15, 30, 5  # days of each task
ABANDONED, REJECTED, WAITS, STOOD, CLOSED, NO_ACCOUNT = 0.04, 0.03, 0.2, 0.1, 0.01, 0.3
"""Shares: cases that nobody goes on with, and that are rejected or closed by force; open steps that wait for the
customer, done ones that did; documents that the customer uploaded by link."""
NOTE = "The customer wants to be called before anything is sent. "
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Offer:
    """A product with its tasks and documents."""

    product: Product
    tasks: list[ProductTask]
    documents: list[ProductDocument]


@dataclass
class Casework:
    clientele: Clientele
    offers: list[Offer]


def make_cases(clientele: Clientele, count: int, *, now: datetime) -> Casework:
    """This many, of customers who were there, in every status."""
    dice = random.Random(23)
    casework = Casework(clientele, _offers(clientele.organization, dice, now=now - timedelta(days=DAYS)))
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")  # as for customers
    maker = _Maker(casework, dice, now)
    moments = iter(sorted(now - timedelta(seconds=dice.randint(60, DAYS * 86_400)) for _ in range(count)))
    while chunk := list(islice(moments, CHUNK)):
        for moment in chunk:
            maker.make(moment)
        maker.chain.link()
        maker.tables.write()
    maker.end()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = DEFAULT")
    return casework


def _offers(organization: Organization, dice: random.Random, *, now: datetime) -> list[Offer]:
    kinds = [
        create_document_type(
            actor=SYSTEM, organization=organization, name=name, has_number=number, has_expiry_date=expiry,
            min_validity_months=months, now=now,
        )
        for name, (number, expiry, months) in TYPES.items()
    ]  # fmt: skip
    offers = []
    for n in range(PRODUCTS):
        steps = list(zip(TASKS, DURATIONS, strict=True))[: 3 + n % 3]
        asked = [kinds[0], *dice.sample(kinds[1:], 2 + n % 3)]
        product = create_product(
            actor=SYSTEM,
            organization=organization,
            code=f"{KINDS[n % 4].upper()}-{n + 1}",
            name=f"{KINDS[n % 4].title()} {n + 1}",
            product_type=KINDS[n % 4],
            base_price=150 + 50 * n,
            tasks=[
                TaskInput(name, days + n, business_days=days < 20, notify_days_before=2, last_step=name == steps[-1][0])
                for name, days in steps
            ],
            documents=[DocumentInput(kind.pk, required=place < 2 + n % 2) for place, kind in enumerate(asked)],
            now=now,
        )
        documents = list(product.documents.select_related("document_type"))
        offers.append(Offer(product, list(product.tasks.all()), documents))
    return offers


class _Maker:
    """Makes one case after the other, with all that belongs to it."""

    def __init__(self, casework: Casework, dice: random.Random, now: datetime) -> None:
        self.dice, self.now, self.today = dice, now, timezone.localdate(now)
        self.offers, self.customers = casework.offers, casework.clientele.customers
        self.came = [moment for _pk, _owner, moment in self.customers]
        self.organization, self.admin = casework.clientele.organization.pk, casework.clientele.admin.pk
        self.clerks = [clerk.pk for clerk in casework.clientele.clerks]
        self.tables = Tables(Case, CaseStep, CaseDocument, StoredFile)
        self.chain = Chain(casework.clientele.organization, "case", self.tables)
        self.numbers: Counter[int] = Counter()
        self.calendar_of = calendars_of(casework.clientele.organization)
        self.planned = cache(lambda start, task: plan(start, [task], self.calendar_of))
        self.promised = cache(lambda start, place: plan(start, self.offers[place].tasks, self.calendar_of))

    def make(self, created: datetime) -> None:
        dice = self.dice
        place = int(PRODUCTS * dice.random() ** 1.5)
        offer, begin = self.offers[place], timezone.localdate(created)
        customer, owner, _came = self.customers[int(dice.random() * max(bisect(self.came, created), 1))]
        if dice.random() < 0.1:
            owner = dice.choice(self.clerks)
        self.numbers[begin.year] += 1
        case = {
            "uuid": self._uuid(),
            "organization_id": self.organization,
            "number": f"CASE-{begin.year}-{self.numbers[begin.year]:05}",
            "customer_id": customer,
            "product_id": offer.product.pk,
            "owner_id": owner,
            "doc_date": begin,
            "notes": NOTE * dice.randint(0, 2),
            "created_at": created,
            "updated_at": created,
        }
        self.tables.add(Case, case)
        self.chain.add(case["id"], "created", owner, created, number=case["number"], product=offer.product.code)
        steps, pauses = self._steps(case, offer)
        forced = steps[-1]["status"] not in (StepStatus.COMPLETED, StepStatus.REJECTED) and dice.random() < CLOSED
        pieces = self._documents(case, offer, complete=len(steps) > 1 or steps[0]["status"] == StepStatus.COMPLETED)
        case["status"] = case_status(
            steps=[step["status"] for step in steps],
            pieces=pieces,
            closed=forced,
        )
        case["due_date"] = shifted(self.promised(begin, place), pauses, self.calendar_of)
        current = steps[-1]
        if forced:
            reason = {"closed_by_id": self.admin, "closing_reason": "The customer has gone away."}
            case.update(reason, completed_at=self._moment(self.today, after=case["updated_at"]))
            case["updated_at"] = case["completed_at"]
            self.chain.add(case["id"], "force_closed", self.admin, case["completed_at"], number=case["number"])
        elif case["status"] == CaseStatus.COMPLETED:
            case["completed_at"] = current["completed_at"]
        else:
            case.update(step_number=current["number"], step_name=current["name"], step_status=current["status"])
            if current["status"] in (StepStatus.PENDING, StepStatus.PROCESSING):
                case["step_due_date"] = current["due_date"]

    def _steps(self, case: Row, offer: Offer) -> tuple[list[Row], list[StepPause]]:
        """One after the other, each in about the time that it may take, until today or until nobody goes on."""
        dice, day, at = self.dice, case["doc_date"], case["created_at"]
        last = dice.randrange(len(offer.tasks)) if dice.random() < ABANDONED + REJECTED else None
        steps: list[Row] = []
        pauses: list[StepPause] = []
        for number, task in enumerate(offer.tasks):
            step = {
                "case_id": case["id"],
                "task_id": task.pk,
                "number": task.step,
                "name": task.name,
                "duration": task.duration,
                "business_days": task.business_days,
                "country": task.country,
                "notify_days_before": task.notify_days_before,
                "start_date": day,
                "due_date": self.planned(day, task),
                "created_at": at,
            }
            steps.append(self.tables.add(CaseStep, step))
            stood = dice.randint(2, 10) if dice.random() < STOOD else 0
            until = day + stood * DAY
            took = int((step["due_date"] - day).days * dice.uniform(0.3, 1.4))
            done = until + took * DAY
            if stood and until <= self.today:
                pauses.append(self._pause(step, task, day, until))
                step["due_date"] = shifted(step["due_date"], pauses[-1:], self.calendar_of)
            if number == last or done > self.today:
                self._leave(
                    case, step, task, rejected=number == last and dice.random() < REJECTED / (ABANDONED + REJECTED)
                )
                return steps, pauses
            at = self._moment(done, after=at)
            person = case["owner_id"]
            step.update(status=StepStatus.COMPLETED.value, completed_by_id=person, completed_at=at)
            case["updated_at"] = at
            self.chain.add(case["id"], "step_completed", person, at, step=task.step, name=task.name)
            day = done
        return steps, pauses

    def _leave(self, case: Row, step: Row, task: ProductTask, *, rejected: bool) -> None:
        """The current step, on which work has begun or not."""
        dice = self.dice
        if rejected:
            step["status"] = StepStatus.REJECTED.value
        elif dice.random() < WAITS:
            step["status"] = StepStatus.WAITING.value
            since = step["start_date"] + (self.today - step["start_date"]) * dice.random()
            self._pause(step, task, max(since, step["start_date"]), None)
        else:
            step["status"] = dice.choice((StepStatus.PENDING, StepStatus.PROCESSING)).value
        case["updated_at"] = max(case["updated_at"], self._moment(step["start_date"], after=case["updated_at"]))

    def _pause(self, step: Row, task: ProductTask, since: date, until: date | None) -> StepPause:
        self.tables.add(StepPause, {"step_id": step["id"], "from_date": since, "until_date": until})
        counted = CaseStep(country=task.country, business_days=task.business_days)
        return StepPause(step=counted, from_date=since, until_date=until)

    def _documents(self, case: Row, offer: Offer, *, complete: bool) -> list[Piece]:
        """Required ones are there once a step was completed; else, as optional ones, perhaps."""
        dice, pieces, share = self.dice, [], self.dice.choice((0.2, 0.7, 1.0))
        for position, asked in enumerate(offer.documents, 1):
            kind, months = asked.document_type, asked.min_validity_months
            document = {
                "uuid": self._uuid(),
                "organization_id": self.organization,
                "case_id": case["id"],
                "document_type_id": kind.pk,
                "required": asked.required,
                "position": position,
                "min_validity_months": kind.min_validity_months if months is None else months,
                "created_at": case["created_at"],
                "updated_at": case["created_at"],
            }
            self.tables.add(CaseDocument, document)
            held = (complete and asked.required) or dice.random() < share
            if held:
                at = self._moment(case["doc_date"], after=case["created_at"])
                name = f"{kind.name.lower().replace(' ', '-')}.pdf"
                document.update(file_id=self._file(case, name, at), uploaded_at=at, updated_at=at)
                if kind.has_number:
                    document["number"] = f"N{dice.randint(100_000, 999_999)}"
                if kind.has_expiry_date:
                    document["expiry_date"] = at.date() + timedelta(days=dice.randint(300, 3000))
                if dice.random() < 0.7:
                    document.update(checked_by_id=case["owner_id"], checked_at=at)
                case["updated_at"] = max(case["updated_at"], at)
                self.chain.add(case["id"], "document_uploaded", case["owner_id"], at, document=document["id"])
            pieces.append(Piece(asked.required, held, "checked_at" in document, document.get("expiry_date")))
        return pieces

    def _file(self, case: Row, name: str, at: datetime) -> int:
        digest = f"{self.dice.getrandbits(256):064x}"
        stored = {
            "uuid": self._uuid(),
            "organization_id": self.organization,
            "uploader_id": None if self.dice.random() < NO_ACCOUNT else case["owner_id"],
            "filename": name,
            "content_type": "application/pdf",
            "size": self.dice.randint(20_000, 900_000),
            "sha256": digest,
            "path": f"{self.organization}/{digest[:2]}/{digest}",
            "scan_state": ScanState.CLEAN.value,
            "created_at": at,
        }
        pk: int = self.tables.add(StoredFile, stored)["id"]
        return pk

    def _moment(self, day: date, *, after: datetime) -> datetime:
        """On that day, but after the other and not after now."""
        noon = datetime.combine(day, datetime.min.time(), tzinfo=after.tzinfo) + timedelta(hours=12)
        return min(max(noon, after + timedelta(minutes=1)), self.now)

    def _uuid(self) -> UUID:
        return UUID(int=self.dice.getrandbits(128), version=4)

    def end(self) -> None:
        Sequence.objects.bulk_create(
            Sequence(name=f"{self.organization}:case:{year}", last=last) for year, last in self.numbers.items()
        )
        self.chain.end()
        self.tables.end()
