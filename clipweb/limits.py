"""How often one account, or one address of visitors, may ask for something; RATE_LIMITS changes it."""

Limits = dict[str, tuple[int, int] | None]  # name → (times, seconds), or None for no limit

DEFAULT_LIMITS: Limits = {
    "searches": (600, 60),  # that the model and the index are asked for, page by page
    "suggestions": (240, 60),
    "query-pictures": (60, 3600),
    "labels": (240, 60),
    "uploads": (20_000, 3600),  # files
    "jobs": (600, 3600),
    "remixes": (120, 3600),  # each file is decoded to see whether it is a picture
    "reports": (30, 3600),
    "visitors-reports": (5, 3600),
    "sockets": (600, 60),
}
