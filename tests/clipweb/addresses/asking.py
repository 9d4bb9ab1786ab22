"""One way to ask an address, what each person is to get, and what is wrong with what they got."""

import io
import re
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.apps import apps
from django.db import connection, models, transaction
from django.http import HttpResponse

from gallery.models import (
    Appeal,
    AuditEntry,
    Background,
    BlockedFile,
    Case,
    Decision,
    PendingWords,
    Report,
    Strike,
    Suspension,
    Sweep,
    User,
    Vocabulary,
)
from tests.clipweb.addresses.world import GONE, MODERATORS, OUTSIDE, STATES, World, may_see

SIGN_IN, ADMIN_SIGN_IN = "to sign in", "to sign in as an admin"
Answer = int | str  # a status, or where it leads
Rule = Callable[[str, str], Any]  # of a role and the state of the picture that is asked about
# Made for everybody when somebody looks, and what the database itself notes of pictures.
FOR_EVERYBODY = {Background, Vocabulary, PendingWords}
# Whoever a row of these names is not whom it belongs to: all of them are looked at.
OF_MODERATION = {Appeal, AuditEntry, BlockedFile, Case, Decision, Report, Strike, Suspension, Sweep}


# What each role gets


def everyone(answer: Answer = 200) -> Rule:
    return lambda role, state: answer


def signed_in(answer: Answer = 200, *, outside: Answer = SIGN_IN) -> Rule:
    return lambda role, state: outside if role in OUTSIDE else answer


def owner(answer: Answer = 200, *, others: Answer = 404, outside: Answer = SIGN_IN) -> Rule:
    return lambda role, state: answer if role == "owner" else outside if role in OUTSIDE else others


def moderators(answer: Answer = 200, *, others: Answer = 404, outside: Answer = 404) -> Rule:
    return lambda role, state: answer if role in MODERATORS else outside if role in OUTSIDE else others


def admins(answer: Answer = 200) -> Rule:
    """For everybody else there is no such page."""
    return lambda role, state: answer if role == "admin" else 404


def who_sees(answer: Answer = 200, *, outside: Answer | None = None) -> Rule:
    """Whoever may see the picture; for the others there is none."""

    def rule(role: str, state: str) -> Answer:
        if outside is not None and role in OUTSIDE:
            return outside
        return answer if may_see(role, state) else 404

    return rule


def kept(rule: Rule) -> Rule:
    """The rule as long as the picture is not in a trash, where nobody finds it."""
    return lambda role, state: (signed_in(404) if state in GONE else rule)(role, state)


# Whose pictures an answer shows


def all_seen(role: str, state: str) -> set[str]:
    return {each for each in STATES if may_see(role, each)}


def public_ones(role: str, state: str) -> set[str]:
    return {"public"}


def own_ones(role: str, state: str) -> set[str]:
    return all_seen(role, state) if role == "owner" else set()


def this_one(role: str, state: str) -> set[str]:
    return {state} if may_see(role, state) else set()


def none_at_all(role: str, state: str) -> set[str]:
    return set()


def by_owner(role: str, state: str) -> bool:
    return role == "owner"


def never(role: str, state: str) -> bool:
    return False


@dataclass(frozen=True)
class Ask:
    """url and data: of the world and the state of the picture that is asked about, which is one of `states`.

    shows: the pictures that the answer has. says: a text in it, such as a count. opens: groups of markers
    that may be met here beyond what the person sees elsewhere. changes: whether it changes what is Alice's,
    or everybody's. repeats: whether the answer may say again what was asked, as a search box does.
    """

    url: Callable[[World, str], str]
    answers: Rule
    method: str = "get"
    data: Callable[[World, str], Any] = lambda world, state: {}
    states: tuple[str, ...] = ("",)
    shows: Rule | None = None
    opens: Rule = none_at_all
    changes: Rule = never
    says: Rule = lambda role, state: ""
    repeats: bool = True
    headers: Mapping[str, str] | None = None


def problems(world: World, ask: Ask, role: str, state: str) -> list[str]:
    """Whatever is done is undone again."""
    writes = ask.method != "get"
    with transaction.atomic():
        url, data = ask.url(world, state), ask.data(world, state)
        response = getattr(world.browser(role), ask.method)(url, data, headers=ask.headers)
        now = rows_at_stake(world) if writes else world.rows
        content = content_of(response)
        transaction.set_rollback(True)
    said = repr((url, data)).encode() if ask.repeats else b""
    found = []
    if (answer := answer_of(response)) != (expected := ask.answers(role, state)):
        found.append(f"answers {answer} instead of {expected}")
    changed = [name for name, rows in now.items() if rows != world.rows[name]]
    if writes and bool(changed) != ask.changes(role, state):
        found.append(f"changes {', '.join(changed) or 'nothing'}")
    if ask.shows and answer == 200:
        shown = {
            each for each in STATES if any(word in content for word in world.words[each] if word not in said)
        }
        if shown != ask.shows(role, state):
            found.append(f"shows {sorted(shown)} instead of {sorted(ask.shows(role, state))}")
    if answer == 200 and ask.says(role, state).encode() not in content:
        found.append(f"does not say {ask.says(role, state)}")
    allowed = world.seen_by(role).union(*(world.words[name] for name in ask.opens(role, state)))
    secrets = set().union(*world.words.values()) - allowed
    leaked = sorted(word for word in secrets if word in content and word not in said)
    return [*found, *(f"tells {word!r}" for word in leaked)]


def answer_of(response: HttpResponse) -> Answer:
    where = response.get("Location", "")
    if response.status_code == 302 and re.match("/accounts/(login|reauthenticate)/", where):
        return SIGN_IN
    if response.status_code == 302 and where.startswith("/admin/login/"):
        return ADMIN_SIGN_IN
    return response.status_code


def content_of(response: HttpResponse) -> bytes:
    """Headers and all that travels, out of an archive as well."""
    body = b"".join(response) if response.streaming else response.content
    parts = [str(response.headers).encode(), body]
    if response["Content-Type"] == "application/zip":
        archive = zipfile.ZipFile(io.BytesIO(body))
        parts += [name.encode() + archive.read(name) for name in archive.namelist()]
    return b"\n".join(parts)


def rows_at_stake(world: World) -> dict[str, list[tuple]]:
    """Alice's rows of every table, and all of those that belong to nobody."""
    found = {}
    with connection.cursor() as cursor:
        for name, query in queries_of_rows(world.people["owner"].pk):
            cursor.execute(*query)
            found[name] = cursor.fetchall()
    return found


@cache
def queries_of_rows(owner: int) -> list[tuple[str, tuple[str, tuple]]]:
    found = []
    for model in apps.get_models():
        if model._meta.app_label in {"gallery", "generator", "account", "mfa"} and model not in FOR_EVERYBODY:
            rows = model.objects.order_by("pk")
            path = path_to_owner(model)
            rows = rows.filter(**{path: owner}) if path else rows
            found.append((model.__name__, rows.query.sql_with_params()))
    return found


def path_to_owner(model: type[models.Model]) -> str:
    """The lookup that leads from a row to whom it belongs; "" for what is nobody's."""
    if model in OF_MODERATION:
        return ""
    if model is User:
        return "pk"
    related = [field for field in model._meta.fields if isinstance(field, models.ForeignKey)]
    for field in sorted(related, key=lambda field: field.related_model is not User):
        if field.related_model is User:
            return field.name
        if further := path_to_owner(field.related_model):
            return f"{field.name}__{further}"
    return ""
