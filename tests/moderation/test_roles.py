"""Member, moderator and admin: who moderates, who may open the administration, and what the log says."""

import json
from importlib import import_module

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, Permission
from django.urls import reverse

from gallery.models import AuditEntry, Image, User
from gallery.models.people import is_moderator
from gallery.moderation.roles import Role, ensure_groups, role_of, set_role
from tests.conftest import PASSWORD

USERS = "/admin/gallery/user/"


def newest() -> tuple[dict, dict]:
    entry = AuditEntry.objects.filter(action="rights").latest("number")
    return json.loads(entry.before), json.loads(entry.after)


def test_the_groups_are_there_after_the_migrations(db):
    assert {"moderator", "admin"} <= set(Group.objects.values_list("name", flat=True))
    moderators = Group.objects.get(name="moderator").permissions.values_list("codename", flat=True)
    assert list(moderators) == ["moderate"]
    admins = set(Group.objects.get(name="admin").permissions.values_list("codename", flat=True))
    assert {"moderate", "change_user", "view_auditentry", "change_job"} <= admins
    assert not {"change_auditentry", "delete_auditentry", "delete_audithead"} & admins


def test_moderators_see_everything_and_staff_alone_does_not(alice, bob, mona, store):
    image = store(alice)
    assert Image.objects.visible_to(mona).get() == image
    User.objects.filter(pk=bob.pk).update(is_staff=True)
    bob.refresh_from_db()
    assert not is_moderator(bob)
    assert not Image.objects.visible_to(bob).exists()


def test_a_moderator_who_is_deactivated_sees_nothing_of_others(alice, mona, store):
    store(alice)
    User.objects.filter(pk=mona.pk).update(is_active=False)
    assert not Image.objects.visible_to(User.objects.get(pk=mona.pk)).exists()


def test_superusers_moderate_without_a_group(admin):
    assert is_moderator(admin)
    assert role_of(admin) == Role.ADMIN


def test_roles_follow_each_other_and_each_change_is_in_the_log(alice, admin):
    user = set_role(user=alice, role=Role.MODERATOR, by=admin)
    assert (role_of(user), user.is_staff, is_moderator(user)) == (Role.MODERATOR, False, True)
    assert newest() == ({"groups": []}, {"groups": ["moderator"]})
    user = set_role(user=user, role=Role.ADMIN, by=admin)
    assert (role_of(user), user.is_staff, is_moderator(user)) == (Role.ADMIN, True, True)
    user = set_role(user=user, role=Role.MEMBER, by=admin)
    assert (role_of(user), user.is_staff, is_moderator(user)) == (Role.MEMBER, False, False)
    assert newest() == ({"groups": ["admin"], "staff": True}, {"groups": [], "staff": False})
    assert AuditEntry.objects.filter(action="rights", actor=admin, key=str(alice.pk)).count() == 3


def test_the_same_role_again_is_no_change(mona, admin):
    total = AuditEntry.objects.count()
    set_role(user=mona, role=Role.MODERATOR, by=admin)
    assert AuditEntry.objects.count() == total


def test_moderators_do_not_get_into_the_administration(client, mona):
    client.force_login(mona)
    assert client.get(USERS).status_code == 302
    assert b"/admin/" not in client.get(reverse("gallery:mine")).content


@pytest.fixture
def ada(db) -> User:
    """An admin by her role, not a superuser."""
    user = User.objects.create_user("ada", "ada@example.org", PASSWORD)
    return set_role(user=user, role=Role.ADMIN, by=None)


def act(client, action: str, *people: User):
    data = {"action": action, "_selected_action": [person.pk for person in people]}
    return client.post(USERS, data, follow=True).content.decode()


def test_an_admin_gives_roles_in_the_administration(client, ada, alice, bob):
    client.force_login(ada)
    assert "2 people were changed." in act(client, "make_moderators", alice, bob)
    assert {role_of(User.objects.get(pk=person.pk)) for person in (alice, bob)} == {Role.MODERATOR}
    act(client, "make_members", alice)
    assert role_of(alice) == Role.MEMBER
    assert newest() == ({"groups": ["moderator"]}, {"groups": []})


def test_an_admin_neither_demotes_herself_by_a_slip_nor_touches_superusers(client, ada, admin):
    client.force_login(ada)
    assert "0 people were changed." in act(client, "make_members", ada, admin)
    assert role_of(User.objects.get(pk=ada.pk)) == Role.ADMIN
    assert User.objects.get(pk=admin.pk).is_superuser
    assert client.post(f"{USERS}{admin.pk}/change/", {"username": "mine"}).status_code == 403
    assert client.post(f"{USERS}{admin.pk}/delete/", {"post": "yes"}).status_code == 403


def form_of(client, person: User, **changes: object) -> dict[str, object]:
    """The form of a person's page in the administration, with some fields changed."""
    page = client.get(f"{USERS}{person.pk}/change/")
    form = page.context["adminform"].form
    values = {name: form.initial.get(name) for name in form.fields if name != "password"}
    values |= {"date_joined_0": "2026-01-01", "date_joined_1": "00:00:00", **changes}
    return {name: value for name, value in values.items() if value not in (None, False)}


def test_a_group_given_on_a_persons_page_is_in_the_log_too(client, ada, alice):
    client.force_login(ada)
    groups = [Group.objects.get(name="moderator").pk]
    response = client.post(f"{USERS}{alice.pk}/change/", form_of(client, alice, groups=groups))
    assert response.status_code == 302, response.context["errors"]
    assert is_moderator(User.objects.get(pk=alice.pk))
    assert newest() == ({"groups": []}, {"groups": ["moderator"]})


def test_nobody_makes_themselves_a_superuser(client, ada, alice):
    client.force_login(ada)
    for person in (ada, alice):
        form = form_of(
            client, person, is_superuser="on", groups=list(person.groups.values_list("pk", flat=True))
        )
        client.post(f"{USERS}{person.pk}/change/", form)
    assert not User.objects.filter(is_superuser=True).exists()


def test_a_permission_that_an_admin_gave_a_group_outlives_the_next_migration(db):
    extra = Permission.objects.get(codename="view_job")
    group = Group.objects.get(name="moderator")
    group.permissions.add(extra)
    ensure_groups()
    assert extra in group.permissions.all()


def test_who_was_staff_before_there_were_roles_goes_on_moderating(alice, bob):
    User.objects.filter(pk=bob.pk).update(is_staff=True)
    import_module("gallery.migrations.0020_audit_log").make_moderators(apps, None)
    ensure_groups()
    assert (role_of(bob), role_of(alice)) == (Role.MODERATOR, Role.MEMBER)
    assert is_moderator(User.objects.get(pk=bob.pk))
