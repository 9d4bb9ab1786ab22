"""Passkeys, kept by a device that Chromium plays: added, renamed, signed in with, removed."""

from collections.abc import Iterator
from contextlib import closing

import pytest
from playwright.sync_api import Browser, BrowserContext, CDPSession, Page, expect

from tests.browser.arriving import give_the_password
from tests.browser.conftest import Watched
from tests.processes import PASSWORD, Site

DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture
def context(browser: Browser, site: Site) -> Iterator[BrowserContext]:
    """A browser keeps passkeys for names alone, not for 127.0.0.1."""
    home = site.url.replace("127.0.0.1", "localhost")
    with closing(browser.new_context(base_url=home, locale="en-GB")) as context:
        watched = Watched(context, home)
        yield context
        assert watched.errors == []
        assert watched.elsewhere == []


class Device:
    """The one that makes the keys of this page's browser and keeps them."""

    def __init__(self, session: CDPSession) -> None:
        self.session = session
        session.send("WebAuthn.enable")
        self.id = session.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})["authenticatorId"]

    def knows_who_it_is(self, does_it: bool) -> None:
        self.session.send("WebAuthn.setUserVerified", {"authenticatorId": self.id, "isUserVerified": does_it})

    def kept(self) -> list[dict]:
        return self.session.send("WebAuthn.getCredentials", {"authenticatorId": self.id})["credentials"]


@pytest.fixture
def device(context: BrowserContext, page: Page) -> Device:
    return Device(context.new_cdp_session(page))


def sign_up(page: Page, name: str) -> None:
    page.goto("/accounts/signup/")
    form = page.locator("main form[method=post]")
    for field, value in {"username": name, "email": f"{name}@example.org"}.items():
        form.locator(f"[name={field}]").fill(value)
    for field in ("password1", "password2"):
        form.locator(f"[name={field}]").fill(PASSWORD)
    form.locator("button").click()
    page.wait_for_url("**/gallery/")


def add_passkey(page: Page, name: str, *, alone: bool = True) -> None:
    page.goto("/accounts/second-factor/passkeys/add/")
    give_the_password()(page)
    page.get_by_label("Name").fill(name)
    page.get_by_label("Sign in by it alone").set_checked(alone)
    page.get_by_role("button", name="Make the passkey").click()
    page.wait_for_url("**/recovery-codes/")


def sign_out(page: Page) -> None:
    page.goto("/accounts/logout/")
    page.locator("main").get_by_role("button", name="Sign out").click()
    page.wait_for_url(lambda url: "logout" not in url)
    page.goto("/accounts/login/")


def give_name_and_password(page: Page, name: str) -> None:
    page.get_by_label("User name or e-mail").fill(name)
    page.locator("main [name=password]").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def test_a_passkey_signs_in_without_name_and_password(page: Page, device: Device) -> None:
    sign_up(page, "keyholder")
    add_passkey(page, "phone")
    assert [key["isResidentCredential"] for key in device.kept()] == [True]
    sign_out(page)
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url("**/gallery/")
    page.goto("/profile/")
    expect(page.get_by_role("heading", name="keyholder")).to_be_visible()


def test_where_it_leads_after_signing_in_is_kept(page: Page, device: Device) -> None:
    sign_up(page, "traveller")
    add_passkey(page, "phone")
    sign_out(page)
    page.goto("/profile/sessions/")  # asks to sign in
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url("**/profile/sessions/")


def test_a_passkey_stands_in_for_the_code(page: Page, device: Device) -> None:
    sign_up(page, "doubly")
    add_passkey(page, "small key", alone=False)
    assert [key["isResidentCredential"] for key in device.kept()] == [False]
    sign_out(page)
    give_name_and_password(page, "doubly")
    page.wait_for_url("**/second-factor/authenticate/")
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url("**/gallery/")


def test_one_recovery_code_helps_who_has_lost_the_device(page: Page, device: Device) -> None:
    sign_up(page, "loser")
    add_passkey(page, "phone")
    code = page.locator("main li").first.inner_text()
    sign_out(page)
    give_name_and_password(page, "loser")
    page.get_by_label("Code").fill(code)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url("**/gallery/")


def test_what_the_device_refuses_is_said_and_nobody_is_let_in(page: Page, device: Device) -> None:
    sign_up(page, "stranger")
    add_passkey(page, "phone")
    sign_out(page)
    device.knows_who_it_is(False)
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_text("No passkey was used")).to_be_visible()
    page.goto("/profile/")
    page.wait_for_url("**/accounts/login/**")


def test_a_device_keeps_one_passkey_of_an_account(page: Page, device: Device) -> None:
    sign_up(page, "twice")
    add_passkey(page, "phone")
    page.goto("/accounts/second-factor/passkeys/add/")
    page.get_by_role("button", name="Make the passkey").click()
    expect(page.get_by_text("This device has a passkey for this account already.")).to_be_visible()


def test_it_is_renamed_and_removed_and_opens_nothing_more(page: Page, device: Device) -> None:
    sign_up(page, "changer")
    add_passkey(page, "phone")
    page.goto("/accounts/second-factor/passkeys/")
    page.get_by_role("link", name="Rename phone").click()
    page.get_by_label("Name").fill("old phone")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("link", name="Remove old phone").click()
    page.get_by_role("button", name="Remove it").click()
    expect(page.get_by_text("You have none yet.")).to_be_visible()
    sign_out(page)
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_text("The passkey was not accepted.")).to_be_visible()
    give_name_and_password(page, "changer")
    page.wait_for_url("**/gallery/")  # the password alone


def test_the_passkey_is_good_for_asking_who_it_is(page: Page, device: Device) -> None:
    sign_up(page, "asked")
    add_passkey(page, "phone")
    page.goto("/accounts/second-factor/passkeys/reauthenticate/?next=/profile/data/")
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url("**/profile/data/")


def test_at_an_address_of_numbers_the_page_says_why_there_are_none(page: Page, site: Site) -> None:
    page.goto("/accounts/login/")
    button = page.get_by_role("button", name="Sign in with a passkey")
    expect(button).to_be_visible()
    sign_up(page, "number")
    cookie = next(cookie for cookie in page.context.cookies() if cookie["name"] == "sessionid")
    with closing(page.context.browser.new_context(base_url=site.url)) as other:  # type: ignore[union-attr]
        other.add_cookies([{"name": "sessionid", "value": cookie["value"], "url": site.url}])
        there = other.new_page()
        there.goto("/accounts/second-factor/passkeys/add/")
        give_the_password()(there)
        expect(there.get_by_text("Passkeys do not work here")).to_be_visible()
        expect(there.get_by_role("button", name="Make the passkey")).to_be_hidden()
