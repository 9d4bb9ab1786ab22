"""The audit log cannot be changed through the app, and what was changed past it is found."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from gallery.models import Appeal, AuditEntry, AuditHead, AuditReason, Case, Decision, Report
from gallery.moderation import append_only, audit, erasing
from gallery.moderation.appeals import appeal
from gallery.moderation.decisions import decide, decide_about
from gallery.moderation.reports import report
from gallery.uploads import delete_user


@pytest.fixture
def five(admin) -> list[AuditEntry]:
    return [
        audit.record(
            actor=admin,
            action="hide",
            kind="image",
            key=number,
            before={"is_hidden": False},
            after={"is_hidden": True},
            reason=f"Reason {number}",
        )
        for number in range(1, 6)
    ]


def tamper(statement: str, *values: object) -> None:
    """As somebody with a hand on the database would, past the triggers."""
    append_only.remove(connection)
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
    append_only.install(connection)


def flaws() -> list[tuple[int, str]]:
    return [(flaw.number, flaw.what) for flaw in audit.verify().flaws]


def test_entries_are_numbered_and_chained(five):
    assert [entry.number for entry in five] == [1, 2, 3, 4, 5]
    assert [entry.previous_hash for entry in five[1:]] == [entry.hash for entry in five[:-1]]
    assert AuditHead.objects.get().hash == five[-1].hash
    assert audit.verify() == audit.Verdict(total=5, flaws=[])


@pytest.mark.parametrize("change", ["update", "delete"])
def test_the_database_refuses_to_change_or_remove_an_entry(five, change):
    entries = AuditEntry.objects.filter(number=3)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        entries.update(reason="another") if change == "update" else entries.delete()
    assert audit.verify().total == 5


@pytest.mark.parametrize(
    ("column", "value"),
    [
        *(("reason", "Reason 3."), ("action", "show"), ("kind", "album"), ("key", "4"), ("actor_id", 999)),
        *(("before", '{"is_hidden":true}'), ("after", '{"is_hidden": true}'), ("at", "2020-01-01 00:00:00")),
        *(("hash", "0" * 64), ("previous_hash", "f" * 64), ("decision", "0" * 32)),
    ],
)
def test_a_changed_column_is_found_in_its_entry(five, column, value):
    tamper(f"UPDATE gallery_auditentry SET {column} = %s WHERE number = 3", value)
    assert flaws() == [(3, audit.CHANGED)]


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL holds no such values")
@pytest.mark.parametrize(("column", "value"), [("at", "yesterday"), ("decision", "x"), ("reason", b"\xff")])
def test_an_entry_that_cannot_even_be_read_is_found(five, column, value):
    cast = "CAST(%s AS TEXT)"
    tamper(f"UPDATE gallery_auditentry SET {column} = {cast} WHERE number = 3", value)
    assert flaws() == [(3, audit.CHANGED)]


@pytest.mark.parametrize("number", [1, 3, 5])
def test_a_removed_entry_is_found_also_the_last(five, number):
    tamper("DELETE FROM gallery_auditentry WHERE number = %s", number)
    assert flaws() == [(number, audit.MISSING)]


def test_an_entry_written_anew_with_a_hash_that_fits_is_found_by_its_successor(five):
    forged = AuditEntry.objects.get(number=3)
    forged.reason = "Something else"
    forged.hash = audit.hash_of(forged)
    tamper(
        "UPDATE gallery_auditentry SET reason = %s, hash = %s WHERE number = 3", forged.reason, forged.hash
    )
    assert flaws() == [(3, audit.CHANGED)]


def test_an_entry_put_behind_the_end_is_found(five):
    forged = AuditEntry.objects.get(number=5)
    forged.number, forged.previous_hash = 6, forged.hash
    forged.hash = audit.hash_of(forged)
    forged.save(force_insert=True)
    assert flaws() == [(6, audit.BEYOND)]


def test_the_command_says_which_entries_do_not_fit(five, capsys):
    call_command("verify_audit")
    assert "as it was written: 5 entries" in capsys.readouterr().out
    tamper("UPDATE gallery_auditentry SET reason = 'x' WHERE number = 2")
    with pytest.raises(CommandError, match="entry 2: changed"):
        call_command("verify_audit")


def test_an_entry_is_gone_with_the_change_that_it_tells_of(admin):
    @transaction.atomic
    def fail_after_writing() -> None:
        audit.record(actor=admin, action="hide", kind="image", key=1)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_after_writing()
    assert audit.verify() == audit.Verdict(total=0, flaws=[])


def test_a_person_who_is_gone_leaves_a_number_and_a_chain_that_holds(five, admin):
    number = admin.pk
    admin.delete()
    assert {entry.actor_id for entry in AuditEntry.objects.all()} == {number}
    assert audit.verify().flaws == []


@pytest.fixture
def emptied_afterwards(transactional_db) -> Iterator[None]:
    """What the tests of other files begin with is an empty log, which no trigger lets anybody make."""
    yield
    append_only.remove(connection)
    AuditEntry.objects.all().delete()
    append_only.install(connection)


def test_many_who_write_at_once_make_one_chain(emptied_afterwards):
    def write(number: int) -> None:
        try:
            for _ in range(10):
                audit.record(actor=None, action="hide", kind="image", key=number)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(write, range(4)))
    assert audit.verify() == audit.Verdict(total=40, flaws=[])


# Reasons


@pytest.fixture
def decided(alice, bob, mona, store) -> Decision:
    image = store(alice, public=True)
    store(bob, public=True)
    report(thing=image, reporter=bob, reason="privacy", note="This is Carl")
    made = decide(case=Case.objects.get(), by=mona, chosen=["hide", "warn"], reason="It shows Carl")
    appeal(decision=made, by=alice, text="Carl agrees")
    return made


def everything_written() -> str:
    tables = (AuditEntry, AuditReason, Decision, Report, Appeal)
    return str([list(table.objects.values()) for table in tables])


def test_the_words_are_read_and_the_chain_holds_their_digest(five):
    entry = AuditEntry.objects.get(number=3)
    assert (entry.words, entry.has_digest) == ("Reason 3", True)
    assert "Reason 3" not in entry.reason
    assert audit.record(actor=None, action="hide", kind="image", key=1).words == ""


def test_words_that_were_changed_are_found(five):
    AuditReason.objects.filter(pk=3).update(text="Another reason")
    assert flaws() == [(3, audit.CHANGED)]


def test_words_that_were_removed_by_hand_are_found(five):
    AuditReason.objects.filter(pk=3).delete()
    assert flaws() == [(3, audit.SPEECHLESS)]


def test_an_entry_from_before_reasons_had_digests_is_still_right(five):
    early = AuditEntry(number=6, at=five[-1].at, action="hide", kind="image", key="6", reason="As it was")
    early.previous_hash = five[-1].hash
    early.hash = audit.hash_of(early)
    early.save(force_insert=True)
    AuditHead.objects.update(number=6, hash=early.hash)
    assert (audit.verify().flaws, AuditEntry.objects.get(number=6).words) == ([], "As it was")


def test_with_an_account_goes_what_was_written_about_it_and_the_chain_holds(alice, bob, mona, decided):
    other = decide_about(thing=bob, by=mona, chosen=["warn"], reason="Rule 7")
    assert "Carl" in everything_written()
    delete_user(user=alice)
    assert "Carl" not in everything_written()
    assert AuditEntry.objects.filter(decision=other.pk)[0].words == "Rule 7"
    about_alice = AuditEntry.objects.filter(decision=decided.pk).exclude(reason="")
    assert {entry.words for entry in about_alice} == {"(erased with an account)"}
    assert audit.verify().flaws == []
    erased = AuditEntry.objects.get(action="erase")
    assert (erased.actor, erased.kind) == (None, "person")
    assert set(erased.state_after[audit.ERASED]) == {entry.number for entry in about_alice}


def test_what_somebody_wanted_made_goes_with_them_and_what_a_moderator_wrote_stays(alice, bob, mona):
    audit.record(actor=alice, action="refuse", kind="setting", key="x", reason="rules: “a secret wish”")
    decide_about(thing=bob, by=mona, chosen=["warn"], reason="Rule 7")
    for person in (alice, mona):
        delete_user(user=person)
    assert "secret wish" not in everything_written()
    assert "Rule 7" in everything_written()
    assert audit.verify().flaws == []


def test_many_reasons_are_erased_and_twice_does_no_harm(alice, monkeypatch):
    monkeypatch.setattr(erasing, "BATCH", 2)
    for number in range(5):
        audit.record(actor=None, action="warn", kind="person", key=alice.pk, reason=f"Reason {number}")
    assert erasing.erase_words_about(user=alice) == 5
    assert erasing.erase_words_about(user=alice) == 0
    assert AuditEntry.objects.filter(action="erase").count() == 3
    assert audit.verify() == audit.Verdict(total=8, flaws=[])


def test_a_forged_word_of_erasing_excuses_nothing(five):
    audit.record(
        actor=None, action="erase", kind="person", key=1, after={audit.ERASED: [3]}
    )  # whoever can do this can do all; but not by changing one that is there
    tamper("UPDATE gallery_auditentry SET after = %s WHERE number = 6", '{"erased":[3,4]}')
    AuditReason.objects.filter(pk__in=[3, 4]).delete()
    assert set(flaws()) == {(3, audit.SPEECHLESS), (4, audit.SPEECHLESS), (6, audit.CHANGED)}
