"""Small documents of our own making, for tests: each is what a person sends, in the fewest octets."""
import io
import struct
import subprocess
import zipfile
import zlib

CONTENT_TYPES = '<?xml version="1.0" encoding="UTF-8"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
RELATIONS = '<?xml version="1.0" encoding="UTF-8"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "application/vnd.openxmlformats-officedocument."


def _package(parts):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        for name, text in parts:
            package.writestr(name, text)
    return out.getvalue()


def docx(*paragraphs):
    body = "".join(f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>" for text in paragraphs)
    return _package([
        ("[Content_Types].xml", CONTENT_TYPES + '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.'
         'relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/word/document.xml" '
         f'ContentType="{PACKAGE}wordprocessingml.document.main+xml"/></Types>'),
        ("_rels/.rels", RELATIONS + f'<Relationship Id="r1" Type="{OFFICE}/officeDocument" Target="word/document.xml"/></Relationships>'),
        ("word/document.xml", '<?xml version="1.0" encoding="UTF-8"?><w:document xmlns:w="http://schemas.openxmlformats.org/'
         f'wordprocessingml/2006/main"><w:body>{body}</w:body></w:document>')])


def xlsx(rows):
    cells = "".join("<row>" + "".join(f'<c t="inlineStr"><is><t>{cell}</t></is></c>' for cell in row) + "</row>" for row in rows)
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    return _package([
        ("[Content_Types].xml", CONTENT_TYPES + '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.'
         'relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" '
         f'ContentType="{PACKAGE}spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" '
         f'ContentType="{PACKAGE}spreadsheetml.worksheet+xml"/></Types>'),
        ("_rels/.rels", RELATIONS + f'<Relationship Id="r1" Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>'),
        ("xl/workbook.xml", f'<?xml version="1.0" encoding="UTF-8"?><workbook xmlns="{main}" xmlns:r="{OFFICE}"><sheets>'
         '<sheet name="表" sheetId="1" r:id="r1"/></sheets></workbook>'),
        ("xl/_rels/workbook.xml.rels", RELATIONS + f'<Relationship Id="r1" Type="{OFFICE}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>'),
        ("xl/worksheets/sheet1.xml", f'<?xml version="1.0" encoding="UTF-8"?><worksheet xmlns="{main}"><sheetData>{cells}</sheetData></worksheet>')])


NAMESPACES = " ".join(f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{urn}:1.0"' for name, urn in [
    ("office", "office"), ("text", "text"), ("table", "table"), ("draw", "drawing"), ("style", "style"), ("svg", "svg-compatible"),
    ("fo", "xsl-fo-compatible"), ("presentation", "presentation"), ("number", "datastyle"), ("meta", "meta")]) + ' xmlns:dc="http://purl.org/dc/elements/1.1/"'


def flat(kind, body, styles="", extra=""):
    """A flat ODF file: kind is text, spreadsheet or presentation."""
    return (f'<?xml version="1.0"?><office:document {NAMESPACES} office:version="1.3" office:mimetype="application/vnd.oasis.opendocument.{kind}">'
            f'{extra}<office:automatic-styles>{styles}</office:automatic-styles><office:body><office:{kind}>{body}</office:{kind}></office:body>'
            '</office:document>').encode()


def text_that_hides():
    """Hidden words, a comment, a tracked deletion and insertion, and a date that is told anew on each opening."""
    changes = "".join(f'<text:changed-region text:id="c{i}"><text:{kind}><office:change-info><dc:creator>x</dc:creator><dc:date>2024-01-01T00:00:00</dc:date>'
                      f'</office:change-info>{inner}</text:{kind}></text:changed-region>'
                      for i, (kind, inner) in enumerate([("deletion", "<text:p>DELETED</text:p>"), ("insertion", "")]))
    return flat("text", f'<text:tracked-changes>{changes}</text:tracked-changes><text:p>PLAIN</text:p>'
                '<text:p>a<text:span text:style-name="H">HIDDENWORD</text:span></text:p>'
                '<text:section text:name="s" text:display="none"><text:p>HIDDENSECTION</text:p></text:section>'
                '<text:p>b<office:annotation><dc:creator>y</dc:creator><dc:date>2024-01-01T00:00:00</dc:date><text:p>COMMENTED</text:p></office:annotation></text:p>'
                '<text:p>c<text:change text:change-id="c0"/><text:change-start text:change-id="c1"/>INSERTED<text:change-end text:change-id="c1"/></text:p>'
                '<text:p>DATED <text:date style:data-style-name="D">1999</text:date></text:p>',
                '<style:style style:name="H" style:family="text"><style:text-properties text:display="none"/></style:style>'
                '<number:date-style style:name="D"><number:year number:style="long"/><number:text>/</number:text><number:month number:style="long"/>'
                '<number:text>/</number:text><number:day number:style="long"/></number:date-style>',
                '<office:meta><dc:date>2021-02-03T04:05:06</dc:date></office:meta>')


def sheets_that_hide():
    """A hidden row, a hidden column, a hidden sheet and a comment."""
    def cell(text, inner=""):
        return f'<table:table-cell office:value-type="string">{inner}<text:p>{text}</text:p></table:table-cell>'
    note = '<office:annotation><dc:creator>y</dc:creator><text:p>COMMENTED</text:p></office:annotation>'
    return flat("spreadsheet",
                '<table:table table:name="見える"><table:table-column/><table:table-column table:visibility="collapse"/><table:table-column/>'
                f'<table:table-row>{cell("PLAIN", note)}{cell("HIDDENCOLUMN")}{cell("c")}</table:table-row>'
                f'<table:table-row table:visibility="collapse">{cell("HIDDENROW")}</table:table-row><table:table-row>{cell("last")}</table:table-row></table:table>'
                '<table:table table:name="見えない" table:style-name="T"><table:table-column/>'
                f'<table:table-row>{cell("HIDDENSHEET")}</table:table-row></table:table>',
                '<style:style style:name="T" style:family="table"><style:table-properties table:display="false"/></style:style>')


def slides_that_hide(count=3):
    """The second of them is hidden; each has the speaker's notes."""
    def slide(number):
        style = ' draw:style-name="H"' if number == 2 else ""
        return (f'<draw:page draw:name="p{number}"{style}><draw:frame svg:x="1cm" svg:y="1cm" svg:width="9cm" svg:height="3cm"><draw:text-box><text:p>SLIDE{number}'
                f'</text:p></draw:text-box></draw:frame><presentation:notes><draw:frame presentation:class="notes" svg:x="2cm" svg:y="14cm" svg:width="16cm" '
                f'svg:height="9cm"><draw:text-box><text:p>NOTE{number}</text:p></draw:text-box></draw:frame></presentation:notes></draw:page>')
    return flat("presentation", "".join(slide(number) for number in range(1, count + 1)),
                '<style:style style:name="H" style:family="drawing-page"><style:drawing-page-properties presentation:visibility="hidden"/></style:style>')


def png(width=64, height=48, comment=b""):
    def chunk(kind, octets):
        return struct.pack(">I", len(octets)) + kind + octets + struct.pack(">I", zlib.crc32(kind + octets))
    def pixel(x, y):
        return bytes((x * 4 % 256, y * 5 % 256, (x + y) % 256))
    rows = b"".join(b"\0" + b"".join(pixel(x, y) for x in range(width)) for y in range(height))
    text = chunk(b"tEXt", b"Comment\0" + comment) if comment else b""
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)) + text +
            chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def pdf(text="Hello", extra=b""):
    stream = f"BT /F1 24 Tf 72 720 Td ({text}) Tj ET".encode()
    objects = [b"<< /Type /Catalog /Pages 2 0 R " + extra + b">>", b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
               b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
               b"<< /Length %d >>\nstream\n" % len(stream) + stream + b"\nendstream",
               b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"]
    return pdf_of(objects)


def pdf_of(objects):
    """A PDF of these objects, numbered from 1; the first is the catalog."""
    out, offsets = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n" % number + content + b"\nendobj\n"
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1) + b"".join(b"%010d 00000 n \n" % each for each in offsets)
    return out + b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)


def zip_of(entries):
    """[(name, flags, method, octets as they lie there, crc, size)] as a ZIP whose directory tells the same."""
    local, central = b"", b""
    for name, flags, method, octets, crc, size in entries:
        head = struct.pack("<HHHHHIIIHH", 20, flags, method, 0, 0x5821, crc, len(octets), size, len(name), 0)
        central += b"PK\1\2" + struct.pack("<H", 20) + head + struct.pack("<HHHII", 0, 0, 0, 32, len(local)) + name
        local += b"PK\3\4" + head + name + octets
    return local + central + b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, len(entries), len(entries), len(central), len(local), 0)


def old_zip(entries):
    """As Japanese Windows writes it: names in CP932, no flag that says so."""
    return zip_of([(name.encode("cp932"), 0, 0, octets, zlib.crc32(octets), len(octets)) for name, octets in entries])


def pdf_text(octets):
    """The words of a PDF, as poppler reads them."""
    return subprocess.run(["pdftotext", "-raw", "-", "-"], input=octets, capture_output=True, check=True).stdout.decode()
