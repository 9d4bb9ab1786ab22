"""Files that are a picture and something else as well, depending on who opens them. No Django here.

Originals are served with their picture's content type, `nosniff` and, to strangers, never inline; still, what
another program takes for an archive, a document or a page has no business among pictures.
"""

import re
import zipfile
from typing import BinaryIO

HEAD = 1024  # bytes in which readers of documents and browsers look for what a file is
TAIL = 64 * 1024  # bytes at the end, behind the picture's own last block
# At least six bytes each: compressed pixels hold such a sequence once in some hundred million files.
_PAGE = re.compile(rb"<script|<!doctype html|<html[\s>]|<\?php[\s]|<iframe", re.IGNORECASE)


def disguised_as(file: BinaryIO) -> str:
    """What else the file is, by name; empty for a file that is a picture alone."""
    file.seek(0)
    head = file.read(HEAD)
    if b"%PDF-" in head:
        return "PDF"
    size = file.seek(0, 2)
    file.seek(max(0, size - TAIL))
    if _PAGE.search(head) or _PAGE.search(file.read()):
        return "HTML"
    file.seek(0)
    return "ZIP" if zipfile.is_zipfile(file) else ""
