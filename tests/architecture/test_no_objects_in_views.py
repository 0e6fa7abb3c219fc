"""Views hold no rules: they reach records only through what their caller may see, and change them only by services."""

import ast
from collections.abc import Iterator

import pytest

from tests.architecture.sources import ROOT, modules

NARROWING = {"visible_to", "listed_for"}
BELONGING = {"Prefetch", "prepared"}
"""Calls that hold the queries for the parts of one record, which has been resolved through what the caller sees."""
UNNARROWED = {"_default_manager", "_base_manager", "get_object_or_404", "get_list_or_404"}
WRITING = {"save", "create", "bulk_create", "bulk_update", "get_or_create", "update_or_create"}
EXEMPT = {
    ("bureau/api/idempotency.py", "once"): "the answers kept for a caller, under that caller's own key",
    ("bureau/api/idempotency.py", "_again"): "the answers kept for a caller, under that caller's own key",
}
"""(module, function) -> why it may."""


def offences(module: str, source: str) -> Iterator[tuple[str, str]]:
    """The function and the words of each place that goes around what the caller may see, or around the services."""
    tree = ast.parse(source)
    parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}

    def ancestors(node: ast.AST) -> Iterator[ast.AST]:
        while node in parents:
            node = parents[node]
            yield node

    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            name = node.attr
        elif isinstance(node, ast.Name):
            name = node.id
        else:
            continue
        if name == "objects":
            then = parents[node]
            narrowed = isinstance(then, ast.Attribute) and then.attr in NARROWING
            belonging = any(isinstance(call, ast.Call) and _name(call.func) in BELONGING for call in ancestors(node))
            offends = not narrowed and not belonging
        elif name in WRITING:
            offends = isinstance(parents[node], ast.Call) and isinstance(node, ast.Attribute)
        else:
            offends = name in UNNARROWED
        if offends:
            within = [each.name for each in ancestors(node) if isinstance(each, ast.FunctionDef)]
            yield (within[0] if within else ""), f"{module}:{node.lineno}: {ast.unparse(node)}"


def _name(function: ast.expr) -> str:
    return function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")


def test_views_reach_records_through_what_the_caller_sees():
    found = [
        (module, function, words)
        for module in modules("bureau/api", "bureau/web")
        for function, words in offences(module, (ROOT / module).read_text())
    ]
    assert [words for module, function, words in found if (module, function) not in EXEMPT] == []
    assert set(EXEMPT) <= {(module, function) for module, function, _words in found}, "these exemptions are not needed"


@pytest.mark.parametrize(
    "line",
    [
        "Team.objects.filter(uuid=team)",
        "Team.objects.all()",
        "Team.objects.get(pk=1)",
        "show(Team.objects)",
        "get_object_or_404(Team, pk=1)",
        "Team._default_manager.first()",
        "team.save()",
        "Team.objects.visible_to(user).create(name='x')",
    ],
)
def test_the_rule_finds_what_goes_around_it(line):
    assert list(offences("views.py", f"def view():\n    {line}")) != []


@pytest.mark.parametrize(
    "line",
    [
        "Team.objects.visible_to(user).filter(uuid=team)",
        "with_details(PurchaseRequest.objects.visible_to(user)).first()",
        "Prefetch('attachments', Attachment.objects.select_related('file'))",
        "item_rows = ItemShape.prepared(lambda request: RequestItem.objects.filter(request=request))",
    ],
)
def test_the_rule_lets_pass_what_is_narrowed(line):
    assert list(offences("views.py", f"def view():\n    {line}")) == []
