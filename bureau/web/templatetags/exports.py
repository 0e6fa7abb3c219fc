"""The links by which a list is taken along as a file, with the filters that are in force."""

from typing import Any

from django import template

from bureau.web.exports import PARAMETER

register = template.Library()


@register.inclusion_tag("web/components/exports.html", takes_context=True)
def export_links(context: template.Context) -> dict[str, Any]:
    parameters = context["request"].GET.copy()
    for name in ("page", "before", PARAMETER):
        parameters.pop(name, None)
    rest = parameters.urlencode()
    return {"start": f"?{rest}&" if rest else "?", "parameter": PARAMETER}
