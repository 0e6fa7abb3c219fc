"""What fills in DOCX templates, as a program of its own: see bureau/documents/program.py, of whose kind it is.

An organization's template is a program that somebody else wrote. It sees the figures and texts that it is given and
nothing else: no attribute or method of what they are, no function, no other template. In its working directory are
`template.docx`, `context.json` and, where there is a logo, `logo`. Refusals: `unknown` (a variable that is not given:
`name`), `forbidden` (`what` it must not do), `syntax` (`message`, `line`), `stopped`, `damaged`.
"""

import io
import json
import resource
import sys
from pathlib import Path
from typing import Any

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
}


class Refusal(Exception):
    def __init__(self, reason: str, **details: Any) -> None:
        super().__init__(reason)
        self.body = {"reason": reason, **details}


class Environment(ImmutableSandboxedEnvironment):
    """Jinja whose dots and brackets find nothing but the values in dictionaries and lists."""

    def __init__(self, names: set[str]) -> None:
        super().__init__(autoescape=True, undefined=StrictUndefined)
        self.globals.clear()
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
    if Path("logo").exists():
        template.init_docx()
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
    written = io.BytesIO()
    template.save(written)
    return written.getvalue()


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
