"""Automatic checks: the one place where a picture is looked at before anybody but its owner may see it.

store_image() asks the early ones, whichever way a file came, from a form, piece by piece or from the studio;
the queue asks the late ones once it has the picture's vector. Which there are stands in running.py.

What becomes of a picture that does not pass is the strictest of the verdicts on it:

    blur    covered until somebody wants to see it: a decision of nobody, which its owner can appeal against
            and moderators can take back
    hold    hidden from all but its owner and moderators, with a case in the queue; ends with that case
    refuse  on arrival: not stored at all. In the queue, where it is too late for that: removed, by a decision
            of nobody as above
"""

from gallery.moderation.checks.acting import act_on, note_refusal
from gallery.moderation.checks.running import check_arrival, check_prepared, has_late_checks
from gallery.moderation.checks.verdicts import (
    Arrival,
    EarlyCheck,
    LateCheck,
    Prepared,
    Refused,
    Result,
    Verdict,
)

__all__ = [
    "Arrival",
    "EarlyCheck",
    "LateCheck",
    "Prepared",
    "Refused",
    "Result",
    "Verdict",
    "act_on",
    "check_arrival",
    "check_prepared",
    "has_late_checks",
    "note_refusal",
]
