"""What Factur-X 1.0 adds to the metadata of a PDF/A-3: which file inside is the invoice, and in which profile."""

from io import BytesIO

import pikepdf

NAMESPACE = "urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#"
VALUES = {
    "DocumentType": ("INVOICE", "The type of the hybrid document in capital letters"),
    "DocumentFileName": ("factur-x.xml", "The name of the embedded XML document"),
    "Version": ("1.0", "The version of the standard that applies to the embedded XML document"),
    "ConformanceLevel": ("EN 16931", "The conformance level of the embedded XML document"),
}

_DESCRIPTION = (
    f'<rdf:Description rdf:about="" xmlns:fx="{NAMESPACE}">'
    + "".join(f"<fx:{name}>{value}</fx:{name}>" for name, (value, _help) in VALUES.items())
    + "</rdf:Description>"
).encode()
_PROPERTIES = "".join(
    '<rdf:li rdf:parseType="Resource">'
    f"<pdfaProperty:name>{name}</pdfaProperty:name><pdfaProperty:valueType>Text</pdfaProperty:valueType>"
    f"<pdfaProperty:category>external</pdfaProperty:category>"
    f"<pdfaProperty:description>{help_text}</pdfaProperty:description></rdf:li>"
    for name, (_value, help_text) in VALUES.items()
)
_SCHEMA = (
    '<rdf:li rdf:parseType="Resource"><pdfaSchema:schema>Factur-X PDFA Extension Schema</pdfaSchema:schema>'
    f"<pdfaSchema:namespaceURI>{NAMESPACE}</pdfaSchema:namespaceURI><pdfaSchema:prefix>fx</pdfaSchema:prefix>"
    f"<pdfaSchema:property><rdf:Seq>{_PROPERTIES}</rdf:Seq></pdfaSchema:property></rdf:li>"
).encode()
_SCHEMAS = b"<pdfaExtension:schemas><rdf:Bag>"
"""PDF/A wants every property described that it does not know: the typesetter describes its own there."""


def with_metadata(made: bytes) -> bytes:
    """The PDF with its metadata told; the same PDF gives the same bytes."""
    with pikepdf.open(BytesIO(made)) as pdf:
        metadata = pdf.Root.Metadata
        told = metadata.read_bytes().replace(_SCHEMAS, _SCHEMAS + _SCHEMA)
        metadata.write(told.replace(b"</rdf:RDF>", _DESCRIPTION + b"</rdf:RDF>"))
        written = BytesIO()
        pdf.save(written, deterministic_id=True)
    return written.getvalue()
