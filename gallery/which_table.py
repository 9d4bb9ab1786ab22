"""The matrix as a file for spreadsheets and scripts."""

import csv
import io

from django.utils.translation import gettext as _

from gallery.spreadsheets import BYTE_ORDER_MARK, safe_cell
from gallery.zeroshot import Matrix, Share


def as_csv(matrix: Matrix) -> bytes:
    """UTF-8, a row a picture: id, title, the winner, its probability, and each label's. Probabilities are
    from 0 to 1 with a point, in every language, so that scripts read them."""
    none = _("none of these")
    labels = [*matrix.labels, *([none] if matrix.has_none else [])]
    text = io.StringIO()
    text.write(BYTE_ORDER_MARK)
    writer = csv.writer(text)
    writer.writerow(safe_cell(cell) for cell in ["id", "title", "winner", "probability", *labels])
    for row in matrix.rows:
        best = none if row.best.is_none else row.best.label
        words = [str(row.image.pk), row.image.title, best]
        numbers = [_number(row.best), *(_number(share) for share in row.shares)]
        writer.writerow([*(safe_cell(word) for word in words), *numbers])
    return text.getvalue().encode()


def _number(share: Share) -> str:
    return f"{share.probability:.6f}"
