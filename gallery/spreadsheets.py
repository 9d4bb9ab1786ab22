"""What files for spreadsheets have to mind."""

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
BYTE_ORDER_MARK = "\ufeff"  # without it, spreadsheets do not read UTF-8 as such


def safe_cell(cell: str) -> str:
    """A spreadsheet takes what begins like a formula for one: OWASP, “CSV Injection”."""
    return f"'{cell}" if cell.startswith(FORMULA_STARTS) else cell
