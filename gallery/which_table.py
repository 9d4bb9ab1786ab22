"""The matrix as a file for spreadsheets and scripts."""

import csv
import io

from django.utils.translation import gettext as _

from gallery.zeroshot import Matrix, Share

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
BYTE_ORDER_MARK = "\ufeff"  # without it, spreadsheets do not read UTF-8 as such


def as_csv(matrix: Matrix) -> bytes:
    """UTF-8, a row a picture: id, title, the winner, its probability, and each label's. Probabilities are
    from 0 to 1 with a point, in every language, so that scripts read them."""
    none = _("none of these")
    labels = [*matrix.labels, *([none] if matrix.has_none else [])]
    text = io.StringIO()
    text.write(BYTE_ORDER_MARK)
    writer = csv.writer(text)
    writer.writerow(_safe(cell) for cell in ["id", "title", "winner", "probability", *labels])
    for row in matrix.rows:
        best = none if row.best.is_none else row.best.label
        words = [str(row.image.pk), row.image.title, best]
        numbers = [_number(row.best), *(_number(share) for share in row.shares)]
        writer.writerow([*(_safe(word) for word in words), *numbers])
    return text.getvalue().encode()


def _safe(cell: str) -> str:
    """A spreadsheet takes what begins like a formula for one: OWASP, “CSV Injection”."""
    return f"'{cell}" if cell.startswith(FORMULA_STARTS) else cell


def _number(share: Share) -> str:
    return f"{share.probability:.6f}"
