"""What fills in DOCX templates, as a program of its own: see bureau/documents/program.py, of whose kind it is.

An organization's template is a program that somebody else wrote. It sees the figures and texts that it is given and
nothing else: no attribute or method of what they are, no function, no other template. What it makes loads nothing from
elsewhere when somebody opens it, and holds no other document. In its working directory are
`template.docx`, `context.json` and, where there is a logo, `logo`. Refusals: `unknown` (a variable that is not given:
`name`), `forbidden` (`what` it must not do), `syntax` (`message`, `line`), `stopped`, `damaged`.
"""

import io
import json
import resource
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from docx.opc.package import OpcPackage
from docx.oxml import parse_xml
from docx.oxml.ns import qn
from docx.shared import Mm
from docxtpl import DocxTemplate, InlineImage
from jinja2 import StrictUndefined, TemplateError, TemplateSyntaxError, UndefinedError, meta, nodes
from jinja2.exceptions import SecurityError
from jinja2.runtime import LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment

REFUSED = 3
LOGO_HEIGHT = Mm(16)
FORBIDDEN = {
    nodes.Call: "call a function",
    nodes.Macro: "define a macro",
    nodes.Include: "include a file",
    nodes.Import: "import a file",
    nodes.FromImport: "import a file",
    nodes.Extends: "extend a template",
    nodes.EvalContextModifier: "place values as they are",
}
EMBEDDING = ("aFChunk", "control", "oleObject", "subDocument")
"""The last words of the types of relationships by which a document holds another (ISO/IEC 29500-1, 11.3)."""
LOADING = ("DATABASE", "DDE", "DDEAUTO", "IMPORT", "INCLUDE", "INCLUDEPICTURE", "INCLUDETEXT", "LINK")
"""Fields that read another file or start a program (ISO/IEC 29500-1, 17.16.5; DDE is older)."""


class Refusal(Exception):
    def __init__(self, reason: str, **details: Any) -> None:
        super().__init__(reason)
        self.body = {"reason": reason, **details}


class Environment(ImmutableSandboxedEnvironment):
    """Jinja whose dots and brackets find nothing but the values in dictionaries and lists."""

    def __init__(self, names: set[str]) -> None:
        super().__init__(autoescape=True, undefined=StrictUndefined)
        self.globals.clear()
        del self.filters["safe"]  # a customer's name would be markup then
        self.names = names

    def getattr(self, obj: Any, attribute: str) -> Any:
        if isinstance(obj, dict) and attribute in obj:
            return obj[attribute]
        if isinstance(obj, LoopContext) and not attribute.startswith("_"):
            return super().getattr(obj, attribute)
        return self.undefined(obj=obj, name=attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        if isinstance(obj, list) and isinstance(argument, int | slice):
            return super().getitem(obj, argument)
        return self.getattr(obj, str(argument))

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree = super()._parse(source, name, filename)
        for kind, what in FORBIDDEN.items():
            if tree.find(kind):
                raise Refusal("forbidden", what=what)
        for unknown in sorted(meta.find_undeclared_variables(tree) - self.names):
            raise Refusal("unknown", name=unknown)
        return tree


def fill() -> bytes:
    context = json.loads(Path("context.json").read_bytes())
    template = DocxTemplate("template.docx")
    template.init_docx()
    package = template.docx.part.package
    for relation in package.iter_rels():
        kind = relation.reltype.rpartition("/")[2]
        if relation.is_external and kind != "hyperlink":
            raise Refusal("forbidden", what=f"load something from elsewhere ({relation.target_ref[:100]})")
        if kind in EMBEDDING:
            raise Refusal("forbidden", what=f"hold another document ({kind})")
    if Path("logo").exists():
        context["logo"] = InlineImage(template, "logo", height=LOGO_HEIGHT)
    try:
        template.render(context, jinja_env=Environment(set(context)))
    except UndefinedError as error:
        raise Refusal("unknown", name=str(error)) from error
    except SecurityError as error:
        raise Refusal("forbidden", what=str(error)) from error
    except TemplateSyntaxError as error:
        raise Refusal("syntax", message=error.message) from error
    except TemplateError as error:
        raise Refusal("syntax", message=str(error)) from error
    for instruction in fields(package):
        name = instruction.split(maxsplit=1)[:1]
        if name and name[0].upper() in LOADING:
            raise Refusal("forbidden", what=f"load something from elsewhere ({name[0]})")
    written = io.BytesIO()
    template.save(written)
    return written.getvalue()


def fields(package: OpcPackage) -> Iterator[str]:
    """The instructions of all fields; that of one may be spread over many runs, and hold other fields."""
    for part in package.iter_parts():
        if not part.content_type.endswith("+xml"):
            continue
        begun: list[str] = []
        for element in parse_xml(part.blob).iter(qn("w:fldSimple"), qn("w:fldChar"), qn("w:instrText")):
            if element.tag == qn("w:fldSimple"):
                yield element.get(qn("w:instr"), "")
            elif element.tag == qn("w:instrText"):
                begun[-1:] = [(begun[-1] if begun else "") + (element.text or "")]
            elif element.get(qn("w:fldCharType")) == "begin":
                begun.append("")
            elif element.get(qn("w:fldCharType")) == "end" and begun:
                yield begun.pop()
        yield from begun


def main(operation: str, given: str) -> int:
    arguments = json.loads(given)
    for limit, value in arguments.pop("limits").items():
        resource.setrlimit(getattr(resource, limit), (value, value))
    code = 0
    try:
        result = {"fill": fill}[operation](**arguments)
    except Refusal as refusal:
        code, result = REFUSED, json.dumps(refusal.body).encode()
    except (MemoryError, RecursionError) as error:
        code, result = REFUSED, json.dumps({"reason": "stopped", "error": repr(error)}).encode()
    except Exception as error:  # noqa: BLE001  # whatever a library throws at hostile bytes
        code, result = REFUSED, json.dumps({"reason": "damaged", "error": repr(error)[:500]}).encode()
    Path("result").write_bytes(result)
    return code


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
