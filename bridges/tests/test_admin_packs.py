"""The admin pages "Device packs": gallery, one pack, preview, installation, upload."""

from __future__ import annotations

import html
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from bridges.models import Broker, InstalledPack, OwnPack
from bridges.packs.library import keep_own
from bridges.packs.reading import MAX_BYTES
from bridges.tests.packs import PACK, changed
from devices.models import Device

pytestmark = pytest.mark.django_db
GALLERY = "/admin/bridges/ownpack/"
PAGE = f"{GALLERY}test-scale/"
ANSWERS = {"device": "scale", "port": "/dev/ttyS9", "broker": "mqtt://127.0.0.1:1899", "limit": "5"}


def page_of(answer: Any) -> str:
    assert answer.status_code == 200
    return html.unescape(answer.content.decode())


def upload(client: Client, data: bytes) -> Any:
    return client.post(GALLERY, {"file": SimpleUploadedFile("pack.yaml", data)}, follow=True)


def clerk(*codenames: str) -> Client:
    """Somebody of the staff who may do only this."""
    user = User.objects.create_user("clerk", is_staff=True)
    user.user_permissions.add(*Permission.objects.filter(codename__in=codenames))
    client = Client()
    client.force_login(user)
    return client


def test_the_index_and_the_list_of_devices_lead_to_the_gallery(admin_client: Client) -> None:
    assert GALLERY in page_of(admin_client.get("/admin/"))
    assert GALLERY in page_of(admin_client.get("/admin/devices/device/"))


def test_the_gallery_finds_packs_by_maker_model_and_protocol(admin_client: Client) -> None:
    page = page_of(admin_client.get(GALLERY, {"q": "mettler ms204ts"}))
    assert "Balance with MT-SICS" in page
    assert "Tasmota devices" not in page
    assert "Which scale is this?" in page_of(admin_client.get(GALLERY, {"q": "kern qwertz"}))


def test_a_page_shows_words_tests_settings_and_simulator(admin_client: Client) -> None:
    page = page_of(admin_client.get(f"{GALLERY}mt-sics/"))
    assert "All 27 tests pass." in page
    assert "<code>stable</code>" in page
    assert 'name="port"' in page
    assert "python -m simulators scale --link /tmp/scale --style mt-sics" in page


def test_a_preview_tells_what_would_be_made_and_makes_nothing(admin_client: Client) -> None:
    keep_own(PACK.encode())
    page = page_of(admin_client.post(PAGE, {**ANSWERS, "preview": "1"}))
    assert "topic scale-weight" in page
    assert 'value="mqtt://127.0.0.1:1899"' in page
    assert Device.objects.count() == 0


def test_an_installation_is_told_listed_and_can_be_changed(admin_client: Client) -> None:
    keep_own(PACK.encode())
    page = page_of(admin_client.post(PAGE, {**ANSWERS, "install": "1"}, follow=True))
    assert "Added: broker 127.0.0.1, device scale, topic scale-weight, rule scale weights." in page
    assert f"/admin/devices/device/{Device.objects.get().pk}/change/" in page
    assert 'value="/dev/ttyS9"' in page
    assert InstalledPack.objects.get().installed_by == "admin"
    again = page_of(admin_client.post(PAGE, {**ANSWERS, "install": "1"}, follow=True))
    assert "nothing changed" in again


def test_what_was_edited_is_overwritten_only_with_the_tick(admin_client: Client) -> None:
    keep_own(PACK.encode())
    admin_client.post(PAGE, {**ANSWERS, "install": "1"})
    Device.objects.update(label="Mine", edited_on_web=True)
    assert "was edited on the web" in page_of(admin_client.post(PAGE, {**ANSWERS, "install": "1"}))
    admin_client.post(PAGE, {**ANSWERS, "install": "1", "overwrite_edited": "on"})
    assert Device.objects.get().label == ""


def test_an_answer_at_fault_is_marked_at_its_field(admin_client: Client) -> None:
    keep_own(PACK.encode())
    page = page_of(admin_client.post(PAGE, {**ANSWERS, "port": "", "limit": "much", "install": "1"}))
    assert "This must be given." in page
    assert "This must be a number." in page
    assert Device.objects.count() == 0


@pytest.mark.parametrize("typed", ["mqtt://[", "mqtt://x:99999", "mqtt://x:a", "a\x00b"])
def test_what_is_no_broker_is_marked_and_the_simulator_shows_an_example(admin_client: Client, typed: str) -> None:
    simulator = "    faults: {half lines: --half-lines 0.2}\n"
    keep_own(changed(simulator, "  - run: sensors --url {setting.broker}\n").encode())
    page = page_of(admin_client.post(PAGE, {**ANSWERS, "broker": typed, "preview": "1"}))
    assert "Please correct what is marked below" in page
    assert "sensors --url mqtt://127.0.0.1:1883" in page


def test_a_pack_whose_test_fails_shows_it_and_cannot_be_installed(admin_client: Client) -> None:
    keep_own(changed("sends: t", "sends: w").encode())
    page = page_of(admin_client.post(PAGE, {**ANSWERS, "install": "1"}))
    assert "1 of 2 tests fail" in page
    assert "the bytes are b't', not 'w'" in page
    assert Device.objects.count() == 0


def test_an_uploaded_pack_is_read_kept_and_not_installed(admin_client: Client) -> None:
    page = page_of(upload(admin_client, PACK.encode()))
    assert "nothing is installed yet" in page
    assert OwnPack.objects.get().uploaded_by == "admin"
    assert Device.objects.count() == 0
    page = page_of(admin_client.post(PAGE, {"remove": "1"}, follow=True))
    assert "is removed" in page
    assert OwnPack.objects.count() == 0


def test_a_pack_that_is_not_understood_any_more_is_shown_and_can_be_removed(admin_client: Client) -> None:
    text = changed("pack: 1", "pack: 99").replace("category: scale", "category: toy")
    OwnPack.objects.create(name="test-scale", text=text, uploaded_at=datetime.now(UTC))
    page = page_of(admin_client.get(PAGE, follow=True))
    assert "does not understand the pack test-scale any more: line 1: pack: This hub reads packs of version 1." in page
    assert "must be one of" not in page
    assert 'value="Remove test-scale"' in page
    assert "The pack test-scale is removed" in page_of(admin_client.post(PAGE, {"remove": "1"}, follow=True))
    assert OwnPack.objects.count() == 0


def test_a_pack_of_the_hub_itself_cannot_be_removed(admin_client: Client) -> None:
    assert admin_client.post(f"{GALLERY}mt-sics/", {"remove": "1"}).status_code == 404


def test_a_page_opens_whatever_its_tests_do(admin_client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: Any) -> None:
        raise RuntimeError("the very thing")

    keep_own(PACK.encode())
    monkeypatch.setattr("bridges.packs.testing.Bench", fail)
    page = page_of(admin_client.get(PAGE))
    assert "it cannot be run: RuntimeError: the very thing" in page
    assert 'name="remove"' in page


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"\xff\xfe", "not UTF-8"),
        (b"pack: 1", "This is missing"),
        (b"!!python/object/apply:os.system [ls]", "Tags"),
        (b"a: &a [x, x, x, x, x, x, x, x, x]\nb: &b [*a, *a, *a, *a, *a, *a, *a]\nc: &c [*b, *b, *b, *b, *b]\n"
         b"d: &d [*c, *c, *c, *c, *c]\ne: &e [*d, *d, *d, *d, *d]\nf: [*e, *e, *e, *e, *e]", "More than 20,000 values"),
        (b"#" * (MAX_BYTES + 1), "at most"),
        (changed("name: test-scale", "name: mt-sics").encode(), "of its own"),
        (changed("summary: A scale.", 'summary: "<script>alert(1)</script>"').replace("pack: 1", "pack: 2").encode(),
         "version 1"),
    ],
)  # fmt: skip
def test_a_hostile_file_is_refused_with_the_reason(admin_client: Client, data: bytes, words: str) -> None:
    page = page_of(upload(admin_client, data))
    assert words in page
    assert "The file was not taken" in page
    assert OwnPack.objects.count() == 0


def test_words_of_a_pack_are_never_markup(admin_client: Client) -> None:
    keep_own(changed("summary: A scale.", 'summary: "<script>alert(1)</script>"').replace("All about", "<b>").encode())
    for page in (GALLERY, PAGE):
        assert "<script>alert(1)" not in admin_client.get(page).content.decode()


def test_who_may_only_look_cannot_install_or_upload() -> None:
    keep_own(PACK.encode())
    looker = clerk("view_ownpack")
    assert "You may look at this pack, but not install it" in page_of(looker.get(PAGE))
    looker.post(PAGE, {**ANSWERS, "install": "1"})
    assert (Device.objects.count(), Broker.objects.count()) == (0, 0)
    assert upload(looker, PACK.encode()).status_code == 403
    assert looker.post(PAGE, {"remove": "1"}).status_code == 403


def test_who_may_not_look_sees_nothing() -> None:
    stranger = clerk("view_device")
    assert stranger.get(GALLERY).status_code == 403
    assert stranger.get(f"{GALLERY}mt-sics/").status_code == 403
