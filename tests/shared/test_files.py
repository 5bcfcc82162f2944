"""Files that people upload: what they are in truth, by what name they are shown, and that a changed one is not."""

from datetime import UTC, datetime
from io import BytesIO

import pytest
from fpdf import FPDF
from PIL import Image

from shared.files import PICTURES, NotTaken, disposition, harmless, pictured, refuse_no_pdf

SIDE_MIN = 320


def picture(kind: str = "JPEG", width: int = 640, height: int = 480, mode: str = "RGB") -> bytes:
    written = BytesIO()
    Image.new(mode, (width, height)).save(written, kind)
    return written.getvalue()


def pdf(text: str = "A receipt for a key") -> bytes:
    document = FPDF()
    document.creation_date = datetime(2024, 3, 8, tzinfo=UTC)
    document.add_page()
    document.set_font("helvetica", size=12)
    document.cell(text=text)
    return bytes(document.output())


def not_taken(content: bytes, media_type: str) -> str:
    with pytest.raises(NotTaken) as refusal:
        pictured(content, media_type, side_min=SIDE_MIN) if media_type in PICTURES else refuse_no_pdf(content)
    return refusal.value.why


def test_a_picture_is_read_to_its_end() -> None:
    for media_type, kind in PICTURES.items():
        told = pictured(picture(kind), media_type)
        assert (told.width, told.height, told.media_type) == (640, 480, media_type)
    assert pictured(picture(width=SIDE_MIN, height=SIDE_MIN), "image/jpeg", side_min=SIDE_MIN).width == SIDE_MIN


@pytest.mark.parametrize(
    ("content", "media_type", "why"),
    [
        (b"", "image/jpeg", "unreadable"),
        (b"%PDF-1.7 nothing to see", "image/png", "unreadable"),
        (picture("PNG"), "image/jpeg", "unreadable"),
        (picture()[:-400], "image/jpeg", "unreadable"),
        (picture(width=SIDE_MIN - 1), "image/jpeg", "too_small"),
        (picture("PNG", 8001, 8000, mode="1"), "image/png", "too_large"),
    ],
    ids=["empty", "another kind of file", "another type", "cut off", "too small", "too many pixels"],
)
def test_what_is_no_picture_is_not_taken(content: bytes, media_type: str, why: str) -> None:
    assert not_taken(content, media_type) == why


def test_a_pdf_begins_and_ends_as_one_and_knows_where_its_table_is() -> None:
    whole = pdf()
    for content in (whole, whole.rstrip(), whole + b"\r\n\x00"):
        refuse_no_pdf(content)
    table = whole.rindex(b"xref", 0, whole.rindex(b"startxref"))
    for content in (
        b"",
        b"<html>" + whole,
        whole[:-20],
        whole[: whole.rindex(b"startxref")],
        whole[:table] + b"XREF" + whole[table + 4 :],
        whole.replace(b"startxref\n", b"startxref\n9"),
        whole + b"<script>" * 200,
        picture(),
    ):
        assert not_taken(content, "application/pdf") == "unreadable"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../x", "x.pdf"),
        ("..\\..\\windows\\key.PDF", "key.pdf"),
        ("钥匙收条（王府井店）.pdf", "钥匙收条（王府井店）.pdf"),
        (" .bashrc ", "bashrc.pdf"),
        ("receipt.pdf.exe", "receipt.pdf.pdf"),
        ("cod\u202efdp.exe", "codfdp.pdf"),
        ('a"b<c>\r\nd\x00e.pdf', "a b c de.pdf"),
        ("key 13800138000.pdf", ""),
        ("\ud800", ""),
        ("...", ""),
        ("", ""),
        ("页" * 300, "页" * 80 + ".pdf"),
    ],
)
def test_a_name_is_made_harmless(name: str, shown: str) -> None:
    assert harmless(name, "application/pdf") == shown


def test_a_picture_is_looked_at_and_anything_else_is_saved() -> None:
    assert disposition("", "image/png") == "inline"
    assert disposition("钥匙.png", "image/png") == "inline; filename*=UTF-8''%E9%92%A5%E5%8C%99.png"
    assert disposition("", "application/pdf") == "attachment"
