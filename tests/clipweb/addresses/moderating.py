"""Reports, and what moderators do: a reporter learns the outcome of their own, an owner what was decided
about their things, and of the queue only moderators know that there is one."""

from typing import Any

from django.urls import reverse

from gallery.moderation.passes import pass_for
from tests.clipweb.addresses.asking import (
    SIGN_IN,
    Answer,
    Ask,
    Rule,
    by_owner,
    everyone,
    moderators,
    never,
    none_at_all,
    owner,
    signed_in,
    this_one,
    who_sees,
)
from tests.clipweb.addresses.everybodys import at
from tests.clipweb.addresses.moderated import BLOCKED, UNBLOCKED
from tests.clipweb.addresses.own import of, only_posted
from tests.clipweb.addresses.world import (
    ALBUMS,
    GONE,
    KEPT,
    MODERATORS,
    NOBODYS,
    OUTSIDE,
    STATES,
    World,
    may_see,
    may_see_album,
)

WRONG = {"reason": "spam", "note": "another"}


# Reports


def about_picture(world: World, state: str) -> str:
    return reverse("gallery:report", args=["image", world.pictures[state].pk])


def about_album(world: World, state: str) -> str:
    return reverse("gallery:report", args=["album", world.albums[state].pk])


def about_person(role: str) -> Any:
    return lambda world, state: reverse("gallery:report", args=["person", world.people[role].pk])


def sent(role: str, state: str) -> Answer:
    """Nobody reports what is theirs, nor twice; and the member has reported the public picture."""
    if role in OUTSIDE:
        return SIGN_IN
    if not may_see(role, state):
        return 404
    return {"owner": 400, "member": 409}.get(role, 302)


def album_page(role: str, kind: str) -> Answer:
    if role in OUTSIDE:
        return SIGN_IN
    return 200 if may_see_album(role, kind) else 404


def sent_about_others(role: str, kind: str) -> Answer:
    answer = album_page(role, kind)
    return answer if answer != 200 else 400 if role == "owner" else 302


def is_sent(rule: Rule) -> Rule:
    return lambda role, state: rule(role, state) == 302


def notes(role: str, state: str) -> str:
    return {"member": "publicreported", "owner": "removalreason"}.get(role, "")


def own_removed(role: str, state: str) -> set[str]:
    """Its owner has to know what a moderator has removed."""
    return {"removed"} if role == "owner" else set()


def has_news(role: str, state: str) -> bool:
    return role in {"member", "owner"}


REPORTS = {
    "gallery:report": [
        Ask(about_picture, who_sees(outside=SIGN_IN), states=STATES, shows=this_one),
        Ask(about_picture, sent, "post", lambda *_: WRONG, STATES, changes=is_sent(sent)),
        Ask(about_album, album_page, states=ALBUMS),
        Ask(
            about_album,
            sent_about_others,
            "post",
            lambda *_: WRONG,
            ALBUMS,
            changes=is_sent(sent_about_others),
        ),
        Ask(
            about_person("owner"),
            sent_about_others,
            "post",
            lambda *_: WRONG,
            ("public",),
            changes=is_sent(sent_about_others),
        ),
        # whoever shows nothing is not there
        Ask(about_person("suspended"), signed_in(404)),
        Ask(at("gallery:report", "image", NOBODYS), signed_in(404), "post", lambda *_: WRONG),
        Ask(at("gallery:report", "case", NOBODYS), signed_in(404)),
    ],
    "gallery:reports": [Ask(at("gallery:reports"), signed_in(), says=notes, opens=own_removed)],
    "gallery:reports_read": [
        only_posted(at("gallery:reports_read")),
        Ask(at("gallery:reports_read"), signed_in(302), "post", changes=has_news),
    ],
}


# What the owner says against a decision


def with_pass(role: str, *, more: str = "") -> Any:
    return lambda world, state: reverse("gallery:suspended", args=[pass_for(world.people[role]) + more])


def appealing(*_: object) -> dict[str, str]:
    return {"text": "another"}


APPEALS = {
    "gallery:appeal": [
        only_posted(of("decision", "gallery:appeal")),
        Ask(of("decision", "gallery:appeal"), owner(302), "post", appealing, changes=by_owner),
        Ask(of("decision appealed", "gallery:appeal"), owner(302), "post", appealing),  # once is enough
        Ask(of("suspension", "gallery:appeal"), signed_in(404), "post", appealing),
    ],
    # a signed address, given to somebody whose password was right
    "gallery:suspended": [
        Ask(
            with_pass("suspended"),
            everyone(),
            shows=none_at_all,
            opens=lambda *_: {"suspension"},
            says=lambda *_: "suspensionreason",
        ),
        Ask(with_pass("suspended"), everyone(302), "post", appealing, changes=lambda *_: True),
        Ask(with_pass("suspended", more="x"), everyone(404)),
        Ask(with_pass("suspended", more="x"), everyone(404), "post", appealing),
        Ask(with_pass("owner"), everyone(404)),
        Ask(with_pass("owner"), everyone(404), "post", appealing),
    ],
}


# The pages of moderators


BY_MODERATORS = moderators(outside=SIGN_IN)
BY_MODERATORS_POSTED = moderators(302, outside=SIGN_IN)


def by_admins(answer: Answer) -> Rule:
    """Moderators read, and may be given the permission to write."""
    return lambda role, state: {"moderator": 403, "admin": answer}.get(role, BY_MODERATORS(role, state))


def by_moderators(role: str, state: str) -> bool:
    return role in MODERATORS


def of_what_is_gone(role: str, state: str) -> set[str]:
    return GONE if role in MODERATORS else set()


def reading(name: str, **query: object) -> Ask:
    """The log names pictures by their numbers, also those that are out of sight."""
    return Ask(at(name, **query), BY_MODERATORS, opens=of_what_is_gone)


def posts(
    url: Any, answer: Answer = 302, *, changes: Rule = by_moderators, headers: Any = None, **data: Any
) -> Ask:
    rule = moderators(answer, outside=SIGN_IN)
    return Ask(url, rule, "post", lambda *_: data, changes=changes, headers=headers)


def several(*more: str, changes: Rule = never, answer: Answer = 200) -> Ask:
    def data(world: World, state: str) -> dict[str, str]:
        chosen = {"case": str(world.things["case"].pk), "action": "hide", "reason": "another"}
        return chosen | dict.fromkeys(more, "1")

    rule = moderators(answer, outside=SIGN_IN)
    return Ask(at("gallery:decide_several"), rule, "post", data, changes=changes)


def answering(verdict: str) -> Ask:
    """Whoever has decided does not decide about the appeal."""
    return Ask(
        of("appeal", "gallery:appeal_decide"),
        moderators(302, outside=SIGN_IN),
        "post",
        lambda *_: {"answer": "another", "verdict": verdict},
        changes=lambda role, state: role == "admin",
    )


QUEUE = {
    "gallery:moderation": [
        Ask(
            at("gallery:moderation"),
            BY_MODERATORS,
            shows=lambda *_: {"public"},
            says=lambda role, state: "publicreported",
        ),
        Ask(at("gallery:moderation", page=99), signed_in(404)),
    ],
    "gallery:case_take": [
        only_posted(of("case", "gallery:case_take")),
        posts(of("case", "gallery:case_take")),
        posts(of("case", "gallery:case_take"), 204, headers={"Accept": "application/json"}),
        posts(at("gallery:case_take", NOBODYS), 404, changes=never),
    ],
    "gallery:case_decide": [
        only_posted(of("case", "gallery:case_decide")),
        posts(of("case", "gallery:case_decide"), action="hide", reason="another"),
        posts(of("case", "gallery:case_decide"), 400, changes=never),
        posts(at("gallery:case_decide", NOBODYS), 404, changes=never, action="hide"),
    ],
    "gallery:case": [
        Ask(
            of("case", "gallery:case"),
            BY_MODERATORS,
            shows=lambda *_: set(KEPT),  # those that look like it, too
            says=lambda role, state: "publicreported",
        ),
        Ask(at("gallery:case", NOBODYS), signed_in(404)),
    ],
    "gallery:case_others": [
        only_posted(of("case", "gallery:case_others")),
        posts(of("case", "gallery:case_others"), changes=never, action="hide"),
        Ask(
            of("case", "gallery:case_others"),
            BY_MODERATORS_POSTED,
            "post",
            lambda world, state: {"action": "hide", "also": str(world.pictures["private"].pk)},
            changes=by_moderators,
        ),
        posts(at("gallery:case_others", NOBODYS), 404, changes=never, action="hide"),
    ],
    "gallery:blocks": [
        Ask(at("gallery:blocks"), BY_MODERATORS, shows=none_at_all),
        Ask(
            at("gallery:blocks"),
            lambda role, state: {"moderator": 403, "admin": 302}.get(role, BY_MODERATORS(role, state)),
            "post",
            lambda *_: {"distance": "20", "result": "hold"},
            changes=lambda role, state: role == "admin",
        ),
    ],
    "gallery:block_remove": [
        only_posted(at("gallery:block_remove", BLOCKED)),
        posts(at("gallery:block_remove", BLOCKED)),
        posts(at("gallery:block_remove", "0" * 64), 404, changes=never),
    ],
    "gallery:block_restore": [
        only_posted(at("gallery:block_restore", UNBLOCKED)),
        posts(at("gallery:block_restore", UNBLOCKED)),
        posts(at("gallery:block_restore", "0" * 64), 404, changes=never),
    ],
    "gallery:decide_several": [
        only_posted(at("gallery:decide_several")),
        posts(at("gallery:decide_several"), changes=never),
        several(),
        several("confirmed", changes=by_moderators, answer=302),
    ],
    "gallery:decisions": [Ask(at("gallery:decisions"), BY_MODERATORS, shows=lambda *_: {"hidden"})],
    "gallery:decision_undo": [
        only_posted(of("decision", "gallery:decision_undo")),
        posts(of("decision", "gallery:decision_undo"), reason="another"),
        posts(of("decision appealed", "gallery:decision_undo"), reason="another"),
        posts(at("gallery:decision_undo", NOBODYS), 404, changes=never, reason="another"),
    ],
    "gallery:appeals": [
        Ask(at("gallery:appeals"), BY_MODERATORS, shows=none_at_all, says=lambda *_: "appealtext")
    ],
    "gallery:appeal_decide": [
        only_posted(of("appeal", "gallery:appeal_decide")),
        answering("uphold"),
        answering("reject"),
        posts(of("appeal", "gallery:appeal_decide"), changes=never),
    ],
    "gallery:audit": [reading("gallery:audit"), reading("gallery:audit", action="delete")],
    "gallery:audit_csv": [reading("gallery:audit_csv")],
}
TABLE = REPORTS | APPEALS | QUEUE
