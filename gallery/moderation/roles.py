"""What people may do here, as three roles: two groups with permissions, and those in neither.

Moderators look through what was reported and decide about it, on pages of their own. Admins do that too, and
have the administration: people, roles, jobs, models.
"""

from django.contrib.auth.models import Group, Permission
from django.db import models, transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from gallery.models import AuditEntry, User
from gallery.models.people import MODERATE
from gallery.moderation import audit
from gallery.moderation.suspensions import able_to_sign_in


class Role(models.TextChoices):
    MEMBER = "member", _("Member")
    MODERATOR = "moderator", _("Moderator")
    ADMIN = "admin", _("Admin")


GROUPS = (Role.MODERATOR, Role.ADMIN)
READ_ONLY = ("auditentry", "audithead", "auditreason")  # not to be written to by any hand


def ensure_groups() -> None:
    """The groups with at least their permissions. Those are made after each migration, as Django makes the
    permissions of models; what an admin has given a group besides stays."""
    for role in GROUPS:
        group, _made = Group.objects.get_or_create(name=role.value)
        group.permissions.add(*permissions_of(role))


def permissions_of(role: Role) -> QuerySet[Permission]:
    here = Permission.objects.filter(content_type__app_label__in=["gallery", "generator"])
    if role == Role.MODERATOR:
        return here.filter(codename=MODERATE.partition(".")[2])
    write = Q(content_type__model__in=READ_ONLY) & ~Q(codename__startswith="view_")
    return here.exclude(write) | Permission.objects.filter(codename="view_group")


def moderators() -> "QuerySet[User]":
    """Everybody for whom is_moderator() is true, and who can sign in."""
    codename = MODERATE.partition(".")[2]
    by_group = Q(groups__permissions__codename=codename)
    may = Q(is_superuser=True) | Q(user_permissions__codename=codename) | by_group
    return able_to_sign_in(User.objects.filter(may)).distinct()


def role_of(user: User) -> Role:
    names = set(user.groups.values_list("name", flat=True))
    if user.is_superuser or Role.ADMIN.value in names:
        return Role.ADMIN
    return Role.MODERATOR if Role.MODERATOR.value in names else Role.MEMBER


@transaction.atomic
def set_role(*, user: User, role: Role, by: User | None, reason: str = "") -> User:
    """From now on the person has this role and none of the others. Admins may open the administration."""
    user = User.objects.select_for_update().get(pk=user.pk)
    before = rights_of(user)
    user.groups.remove(*Group.objects.filter(name__in=GROUPS))
    if role != Role.MEMBER:
        ensure_groups()
        user.groups.add(Group.objects.get(name=role.value))
    user.is_staff = role == Role.ADMIN
    user.is_superuser = user.is_superuser and role == Role.ADMIN
    user.save(update_fields=["is_staff", "is_superuser"])
    user = User.objects.get(pk=user.pk)  # without the permissions that the object before remembers
    record_rights(user=user, before=before, by=by, reason=reason)
    return user


def rights_of(user: User) -> dict[str, object]:
    """Everything that says what a person may do, for the audit log."""
    return {
        "active": user.is_active,
        "staff": user.is_staff,
        "superuser": user.is_superuser,
        "groups": sorted(user.groups.values_list("name", flat=True)),
        "permissions": sorted(user.user_permissions.values_list("codename", flat=True)),
    }


def record_rights(
    *, user: User, before: dict[str, object], by: User | None, reason: str = ""
) -> AuditEntry | None:
    """Writes down what has changed since `before`, which rights_of() told; None if nothing has."""
    after = rights_of(user)
    changed = [name for name, value in after.items() if before.get(name) != value]
    if not changed:
        return None
    return audit.record(
        actor=by,
        action=AuditEntry.Action.RIGHTS,
        kind=AuditEntry.Kind.PERSON,
        key=user.pk,
        before={name: before[name] for name in changed if name in before},
        after={name: after[name] for name in changed},
        reason=reason,
    )
