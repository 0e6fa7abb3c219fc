"""What goes with a case that is deleted."""

from dataclasses import dataclass

from bureau.cases.models import Case, CaseDocument, CaseLink, CaseNote, CaseStep


@dataclass(frozen=True, slots=True)
class CaseContent:
    """How many there are of each; `files` counts the documents with a file."""

    documents: int
    files: int
    workflows: int
    notes: int
    links: int


def case_content(case: Case) -> CaseContent:
    documents = CaseDocument.objects.filter(case=case)
    return CaseContent(
        documents=documents.count(),
        files=documents.exclude(file=None).count(),
        workflows=CaseStep.objects.filter(case=case).count(),
        notes=CaseNote.objects.filter(case=case).count(),
        links=CaseLink.objects.filter(case=case).count(),
    )
