"""Django's own administration, and the pages for admins: of the models, of what failed, of the processes."""

from collections.abc import Callable
from typing import Any

from django.urls import reverse

from tests.clipweb.addresses.asking import (
    ADMIN_SIGN_IN,
    SIGN_IN,
    Answer,
    Ask,
    Rule,
    admins,
    all_seen,
    everyone,
    never,
    none_at_all,
    this_one,
)
from tests.clipweb.addresses.everybodys import at
from tests.clipweb.addresses.world import GONE, OUTSIDE, STATES, World

NEW_PASSWORD = {"password1": "correct horse", "password2": "correct horse", "usable_password": "true"}


def superuser(answer: Answer = 200) -> Rule:
    """The administration is of admins; a moderator has pages of their own."""
    return lambda role, state: answer if role == "admin" else ADMIN_SIGN_IN


def staff_entrance(role: str, state: str) -> Answer:
    """The administration has no sign-in of its own."""
    return SIGN_IN if role in OUTSIDE else 302 if role == "admin" else 403


def unless_gone(rule: Rule) -> Rule:
    """Nothing is in a trash, as far as the administration knows."""
    return lambda role, state: (superuser(302) if state in GONE else rule)(role, state)


def by_admin(role: str, state: str) -> bool:
    return role == "admin" and state not in GONE


def decided_about(role: str, state: str) -> set[str]:
    """The log names pictures by their numbers, also those that are out of sight."""
    return {"hidden", "removed"}


def removed_one(role: str, state: str) -> set[str]:
    return {"removed"} if role == "admin" else set()


def table(
    app: str,
    model: str,
    row: Callable[[World, str], Any],
    *,
    may_add: bool = False,
    may_change: bool = True,
    states: tuple[str, ...] = ("",),
    listed: Rule | None = none_at_all,
    named: Rule | None = none_at_all,
    opens: Rule = none_at_all,
) -> dict[str, list[Ask]]:
    """The pages of one table: `listed`, the pictures in its list, `named`, those on the pages of a row."""
    name, route = f"admin:{app}_{model}", f"admin/{app}/{model}/<path:object_id>/"

    def about(page: str) -> Callable[[World, str], str]:
        return lambda world, state: reverse(f"{name}_{page}", args=[row(world, state).pk])

    def without_page(world: World, state: str) -> str:
        return f"/{route.replace('<path:object_id>', str(row(world, state).pk))}"

    def history(role: str, state: str) -> Answer:
        return superuser(302 if state in GONE else 200)(role, state)

    is_ours = app in {"gallery", "generator", "account"}
    ask_first = Ask(about("delete"), unless_gone(superuser()), states=states, shows=named)
    changes = by_admin if is_ours else never
    do_it = Ask(about("delete"), superuser(302), "post", lambda *_: {"post": "yes"}, states, changes=changes)
    refused = [Ask(about("delete"), superuser(403), method) for method in ("get", "post")]
    change = Ask(about("change"), unless_gone(superuser()), states=states, shows=named, opens=opens)
    return {
        f"{name}_changelist": [Ask(at(f"{name}_changelist"), superuser(), shows=listed, opens=opens)],
        f"{name}_add": [Ask(at(f"{name}_add"), superuser(200 if may_add else 403))],
        f"{name}_history": [Ask(about("history"), history, states=states, opens=opens)],
        f"{name}_change": [change],
        f"{name}_delete": [ask_first, do_it] if may_change else refused,
        route: [Ask(without_page, superuser(302), states=states)],
    }


def about_moderation(model: str, kind: str, *opens: str) -> dict[str, list[Ask]]:
    """To read, and to act on in the list; what was decided about is named, and nothing is changed by hand."""

    def told(role: str, state: str) -> set[str]:
        return {*opens, "reporter", "decider", *STATES} if role == "admin" else set()

    return table("gallery", model, the(kind), may_change=False, opens=told, listed=None, named=None)


def the(kind: str) -> Callable[[World, str], Any]:
    return lambda world, state: world.things[kind]


def of_alice(world: World, state: str) -> str:
    return reverse("admin:auth_user_password_change", args=[world.people["owner"].pk])


ADMINISTRATION = {
    "admin:index": [Ask(at("admin:index"), superuser(), shows=none_at_all)],
    # Django's own page is behind ours, at the same address.
    "admin:login": [Ask(at("admin:login"), staff_entrance)],
    "admin/login/": [Ask(at("admin:login"), staff_entrance, method) for method in ("get", "post")],
    "admin:logout": [
        Ask(at("admin:logout"), lambda role, state: 405 if role == "admin" else 302),
        Ask(at("admin:logout"), lambda role, state: 200 if role == "admin" else 302, "post"),
    ],
    "admin:password_change": [Ask(at("admin:password_change"), superuser())],
    "admin:password_change_done": [Ask(at("admin:password_change_done"), superuser())],
    "admin:autocomplete": [
        Ask(
            at(
                "admin:autocomplete",
                app_label="gallery",
                model_name="albumentry",
                field_name="image",
                term="title",
            ),
            superuser(),
            shows=all_seen,
        )
    ],
    "admin:jsi18n": [Ask(at("admin:jsi18n"), superuser())],
    "admin:view_on_site": [Ask(at("admin:view_on_site", 1, 1), superuser(404))],
    "admin:app_list": [Ask(at("admin:app_list", "gallery"), superuser(), shows=none_at_all)],
    "admin/(?P<url>.*)$": [Ask(lambda *_: "/admin/unknown/", superuser(404))],
    "admin:auth_user_password_change": [
        Ask(of_alice, superuser()),
        Ask(of_alice, superuser(302), "post", lambda *_: NEW_PASSWORD, changes=by_admin),
    ],
    **table(
        "gallery",
        "image",
        lambda world, state: world.pictures[state],
        states=STATES,
        listed=all_seen,
        named=this_one,
    ),
    **table("gallery", "album", lambda world, state: world.albums["unlisted"]),
    **table("gallery", "user", lambda world, state: world.people["owner"], may_add=True),
    **table("generator", "job", the("job")),
    **table("account", "emailaddress", the("address"), may_add=True),
    **table(
        "gallery",
        "auditentry",
        the("audit entry"),
        may_change=False,
        listed=decided_about,
        named=removed_one,
        opens=removed_one,
    ),
    **about_moderation("case", "case", "reports"),
    **about_moderation("decision", "decision", "decisions"),
    **about_moderation("report", "report", "reports"),
    **about_moderation("appeal", "appeal", "appeal"),
    **about_moderation("strike", "strike", "decisions"),
    **about_moderation("suspension", "scope", "suspension"),
    **about_moderation("blockedfile", "blocked file"),
    **about_moderation("policy", "policy"),
    **about_moderation("sweep", "sweep"),
    **table("auth", "group", the("group of people"), may_add=True),
    **table("django_q", "schedule", the("schedule"), may_add=True),
    **table("django_q", "success", the("task done")),
    **table("django_q", "failure", the("task failed")),
    **table("django_q", "ormq", the("task waiting")),
}


def of_model(name: str) -> Any:
    return lambda world, state: reverse(f"gallery:{name}", args=[world.things["next model"].pk])


SITE = {
    "status": [Ask(at("status"), admins(), shows=none_at_all)],
    "registry": [Ask(at("registry"), admins(), shows=none_at_all)],
    "registry_use": [
        Ask(at("registry_use"), everyone(405)),
        Ask(at("registry_use"), admins(302), "post", lambda *_: {"name": "no-such-model"}),
    ],
    "registry_verify": [
        Ask(at("registry_verify"), everyone(405)),
        Ask(at("registry_verify"), everyone(404), "post", lambda *_: {"name": "no-such-model"}),
    ],
    "registry_remove": [Ask(at("registry_remove", "no-such-model"), everyone(404))],
    "trainings": [Ask(at("trainings"), admins(), shows=none_at_all)],
    "training": [Ask(at("training", "no-such-run"), everyone(404))],
    "training_curves": [Ask(at("training_curves", "no-such-run"), everyone(404))],
    "training_sample": [Ask(at("training_sample", "no-such-run", 100), everyone(404))],
    "gallery:models": [Ask(at("gallery:models"), admins(), shows=none_at_all)],
    "gallery:model_begin": [
        Ask(of_model("model_begin"), everyone(405)),
        Ask(of_model("model_begin"), admins(302), "post", changes=by_admin),
    ],
    "gallery:model_cancel": [
        Ask(of_model("model_cancel"), everyone(405)),
        Ask(of_model("model_cancel"), admins(302), "post"),  # none is being prepared
    ],
    "gallery:failures": [
        Ask(at("gallery:failures", of="vectors"), admins(), shows=all_seen),
        Ask(at("gallery:failures", of="pictures"), admins(), shows=none_at_all),
    ],
    "gallery:try_again": [
        Ask(at("gallery:try_again"), everyone(405)),
        Ask(at("gallery:try_again"), admins(302), "post", lambda *_: {"all": "1"}, changes=by_admin),
    ],
}
TABLE = ADMINISTRATION | SITE
