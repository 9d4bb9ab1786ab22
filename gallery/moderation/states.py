"""The state of a thing, as far as decisions change it: read, and written, by its kind and key.

Every decision is a list of changes of such states, and so is undoing one; the audit log holds the same
states. So replaying the log gives what is in the database.
"""

import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import models
from django.db.models.functions import Coalesce
from django.utils import timezone

from gallery.models import (
    Album,
    AuditEntry,
    BlockedFile,
    Case,
    Decision,
    Image,
    Policy,
    PrintBlocking,
    Strike,
    Suspension,
    User,
)
from gallery.models.audit import State
from gallery.moderation.things import ThingGone

Kind = AuditEntry.Kind
SETTING_KEY = "blocks"  # of PrintBlocking, in the audit log
WRITTEN = (  # of a policy
    "name",
    "texts",
    "threshold",
    "result",
    "words",
    "prompt_threshold",
    "is_active",
    "model_id",
)
GONE: State = {"is_there": False} | dict.fromkeys(WRITTEN)  # of one that is not there


def read_state(kind: str, key: str) -> State:
    """Raises ThingGone."""
    return _READERS[Kind(kind)](key)


def write_state(kind: str, key: str, changes: State) -> None:
    """Only the names in `changes` change. Raises ThingGone."""
    _WRITERS[Kind(kind)](key, changes)


def replay(entries: Iterable[AuditEntry]) -> dict[tuple[str, str], State]:
    """The state of everything that the entries, the oldest first, have changed, after the last of them."""
    states: dict[tuple[str, str], State] = {}
    for entry in entries:
        states.setdefault((entry.kind, entry.key), {}).update(entry.state_after)
    return states


def _read_image(key: str) -> State:
    image = _there(Image.objects.filter(pk=key).first())
    return {
        "is_hidden": image.is_hidden,
        "is_blurred": image.is_blurred,
        "is_marked_safe": image.is_marked_safe,
        "is_removed": image.removed_at is not None,
    }


def _write_image(key: str, changes: State) -> None:
    columns: dict[str, Any] = {name: value for name, value in changes.items() if name != "is_removed"}
    if "is_removed" in changes:
        columns |= _removal() if changes["is_removed"] else _return()
    _there(Image.objects.filter(pk=key).update(**columns))


def _removal() -> dict[str, Any]:
    """A picture that its owner has deleted meanwhile stays so when the removal is taken back."""
    now = timezone.now()
    return {"removed_at": Coalesce("removed_at", now), "trashed_at": Coalesce("trashed_at", now)}


def _return() -> dict[str, Any]:
    kept = models.When(trashed_at=models.F("removed_at"), then=None)
    return {"removed_at": None, "trashed_at": models.Case(kept, default=models.F("trashed_at"))}


def _read_album(key: str) -> State:
    return {"is_hidden": _there(Album.objects.filter(pk=key).first()).is_hidden}


def _write_album(key: str, changes: State) -> None:
    _there(Album.objects.filter(pk=key).update(**changes))


def _read_case(key: str) -> State:
    return {"state": _there(Case.objects.filter(pk=key).first()).state}


def _write_case(key: str, changes: State) -> None:
    decided = timezone.now() if changes["state"] == Case.State.DECIDED else None
    _there(Case.objects.filter(pk=key).update(state=changes["state"], decided_at=decided))


def _read_file(key: str) -> State:
    """prints: in hexadecimal digits; empty where there is none, as in the column."""
    row = BlockedFile.objects.filter(pk=key).first()
    found = row or BlockedFile()
    return {
        "is_blocked": row is not None,
        "prints": bytes(found.prints or b"").hex(),
        "placeholder": found.placeholder,
    }


def _write_file(key: str, changes: State) -> None:
    if not changes.get("is_blocked", True):
        BlockedFile.objects.filter(pk=key).delete()
        return
    columns: dict[str, Any] = {}
    if "prints" in changes:
        columns["prints"] = bytes.fromhex(changes["prints"]) or None
    if "placeholder" in changes:
        columns["placeholder"] = changes["placeholder"]
    BlockedFile.objects.update_or_create(pk=key, defaults=columns)


def _read_setting(key: str) -> State:
    """Of the block list, or of a policy by its id."""
    if key != SETTING_KEY:
        policy = Policy.objects.filter(pk=key).first()
        return state_of_policy(policy) if policy else GONE
    row = PrintBlocking.objects.filter(pk=PrintBlocking.ROW).first() or PrintBlocking()
    return {"distance": row.distance, "result": str(row.result)}


def state_of_policy(policy: Policy) -> State:
    """What people have written; what the model makes of it follows from that."""
    return {"is_there": True} | {name: getattr(policy, name) for name in WRITTEN}


def _write_setting(key: str, changes: State) -> None:
    """Of the block list; a policy is written in policies.py, as the encoder has a say in it."""
    PrintBlocking.objects.update_or_create(pk=PrintBlocking.ROW, defaults=changes)


def strike_name() -> str:
    """Of a new one, in the state of a person."""
    return f"strike {uuid.uuid4()}"


def suspension_name() -> str:
    return f"suspension {uuid.uuid4()}"


def _read_person(key: str) -> State:
    """What is laid on them, also what has expired. What is not there any more is not in it, or None."""
    state: State = {}
    for strike in Strike.objects.filter(person_id=int(key)):
        state[f"strike {strike.pk}"] = {"decision": str(strike.decision_id), "until": _iso(strike.until)}
    for row in Suspension.objects.filter(person_id=int(key)):
        laid = {"decision": str(row.decision_id), "until": _iso(row.until), "scope": row.scope}
        state[f"suspension {row.pk}"] = laid
    return state


def _write_person(key: str, changes: State) -> None:
    person = _there(User.objects.filter(pk=key).first())
    for name, laid in changes.items():
        sort, pk = name.split()
        model: Any = {"strike": Strike, "suspension": Suspension}[sort]
        if laid is None:
            model.objects.filter(pk=pk, person=person).delete()
        else:
            until = datetime.fromisoformat(laid["until"]) if laid["until"] else None
            values = {**laid, "until": until, "decision": Decision(pk=laid["decision"])}
            model.objects.create(pk=pk, person=person, **values)


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _there(found: Any) -> Any:
    if not found:
        raise ThingGone
    return found


_READERS = {
    Kind.IMAGE: _read_image,
    Kind.ALBUM: _read_album,
    Kind.CASE: _read_case,
    Kind.FILE: _read_file,
    Kind.SETTING: _read_setting,
    Kind.PERSON: _read_person,
}
_WRITERS = {
    Kind.IMAGE: _write_image,
    Kind.ALBUM: _write_album,
    Kind.CASE: _write_case,
    Kind.FILE: _write_file,
    Kind.SETTING: _write_setting,
    Kind.PERSON: _write_person,
}
