"""The admin pages of history: readable, safe to look at, and never a way to change it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from telemetry.admin_parts.words import ago, payload_text
from telemetry.ids import new_id
from telemetry.models import DeadLetter, Delivery, LedgerEntry, LinkStatus, Message, RuleCount, StoredReading

NOW = datetime(2026, 1, 12, 15, 40, tzinfo=UTC)


def message(**changes: Any) -> Message:
    known = {"received_at": NOW, "source": "broker:plant", "topic": "a/b", "payload": b'{"t": 5}', "decoded": {"t": 5}}
    return Message.objects.create(**known | changes)


def listed(client: Client, name: str, **query: str) -> str:
    answer = client.get(reverse(f"admin:telemetry_{name}_changelist"), query)
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.django_db
class TestPages:
    """Lists and pages of one object."""

    def test_a_payload_is_shown_as_text_and_never_as_markup(self, admin_client: Client) -> None:
        row = message(payload=b"<script>alert(1)</script>")
        page = admin_client.get(reverse("admin:telemetry_message_change", args=[row.pk])).content.decode()
        for text in (listed(admin_client, "message"), page):
            assert "&lt;script&gt;alert(1)" in text
            assert "<script>alert(1)" not in text

    def test_a_page_of_a_message_tells_its_readings_and_deliveries(self, admin_client: Client) -> None:
        row = message()
        StoredReading.objects.create(message_id=row.pk, device="meter", metric="power", value=1.5, unit="kW", time=NOW)
        delivery = Delivery.objects.create(
            created_at=NOW, message_id=row.pk, source="s", kind="publish", target="broker:plant", payload=b"x"
        )
        page = admin_client.get(reverse("admin:telemetry_message_change", args=[row.pk])).content.decode()
        assert "power = 1.5 kW" in page
        assert reverse("admin:telemetry_delivery_change", args=[delivery.pk]) in page

    @pytest.mark.parametrize(
        "name", ["message", "storedreading", "deadletter", "delivery", "linkstatus", "ledgerentry", "rulecount"]
    )
    def test_nothing_is_added_changed_or_deleted(self, admin_client: Client, name: str) -> None:
        assert admin_client.get(f"/admin/telemetry/{name}/add/").status_code == 403
        rows: dict[str, Callable[[], Any]] = {
            "message": message,
            "storedreading": lambda: StoredReading.objects.create(
                message_id=new_id(), device="d", metric="m", value=1, time=NOW
            ),
            "deadletter": lambda: DeadLetter.objects.create(
                created_at=NOW, source="s", stage="rule", reason="r", payload=b""
            ),
            "delivery": lambda: Delivery.objects.create(
                created_at=NOW, source="s", kind="write", target="device:x", payload=b"\xff\x00"
            ),
            "linkstatus": lambda: LinkStatus.objects.create(key="device:x", state="lost"),
            "ledgerentry": lambda: LedgerEntry.objects.create(link="device:x", hour=NOW),
            "rulecount": lambda: RuleCount.objects.create(rule="heat"),
        }
        row: Any = rows[name]()
        address = reverse(f"admin:telemetry_{name}_change", args=[row.pk])
        assert admin_client.get(address).status_code == 200
        assert admin_client.post(address, {"reason": "changed"}).status_code == 403
        assert admin_client.get(reverse(f"admin:telemetry_{name}_delete", args=[row.pk])).status_code == 403
        assert "delete_selected" not in listed(admin_client, name)

    def test_messages_are_found_by_time_and_source(self, admin_client: Client) -> None:
        message(received_at=timezone.now(), topic="new/one")
        LinkStatus.objects.create(key="broker:plant")
        assert "new/one" in listed(admin_client, "message", age="hour", source="broker:plant")
        assert "new/one" not in listed(admin_client, "message", source="packets")

    def test_the_ledger_says_whether_it_balances(self, admin_client: Client) -> None:
        LedgerEntry.objects.create(link="a", hour=NOW, received=5, stored=3, dead=1, created=4, delivered=3)
        page = listed(admin_client, "ledgerentry")
        assert "1 open" in page
        assert "1 waiting" in page
        LedgerEntry.objects.update(stored=4, delivered=4)
        assert listed(admin_client, "ledgerentry").count("balanced") == 2

    def test_the_site_says_what_it_is_and_leads_back_to_the_live_page(self, admin_client: Client) -> None:
        page = admin_client.get("/admin/").content.decode()
        assert "Patchbay" in page
        assert '<a href="/">' in page


@pytest.mark.django_db
class TestResolving:
    """Dead letters are marked, not changed."""

    def letter(self) -> DeadLetter:
        return DeadLetter.objects.create(created_at=NOW, source="s", stage="rule", reason="odd", payload=b"")

    def mark(self, client: Client) -> Any:
        chosen = {"action": "mark_resolved", "_selected_action": [str(row.pk) for row in DeadLetter.objects.all()]}
        return client.post(reverse("admin:telemetry_deadletter_changelist"), chosen, follow=True)

    def test_dead_letters_are_marked_resolved_once(self, admin_client: Client) -> None:
        self.letter()
        assert "Marked resolved: 1." in self.mark(admin_client).content.decode()
        at = DeadLetter.objects.get().resolved_at
        assert at is not None
        self.mark(admin_client)
        assert DeadLetter.objects.get().resolved_at == at
        assert "odd" not in listed(admin_client, "deadletter", done="open")
        assert "odd" in listed(admin_client, "deadletter", done="resolved")

    def test_who_may_only_look_cannot_mark(self, client: Client) -> None:
        self.letter()
        user = User.objects.create_user("guest", is_staff=True)
        user.user_permissions.add(Permission.objects.get(codename="view_deadletter"))
        client.force_login(user)
        self.mark(client)
        assert DeadLetter.objects.get().resolved_at is None


@pytest.mark.parametrize(
    ("payload", "shown"),
    [
        (b"12.5 g\r\n", "12.5 g\r\n"),
        (b"\xff\x00a", "ff 00 61"),
        ("größe".encode(), "größe"),
        (b"", ""),
        (b"x" * 100, "x" * 9 + "…"),
        ("ä".encode() * 100, "ä" * 9 + "…"),
    ],
)
def test_a_payload_is_shown_as_text_or_in_hexadecimal(payload: bytes, shown: str) -> None:
    assert payload_text(payload, 10) == shown


@pytest.mark.parametrize(
    ("passed", "said"), [(timedelta(seconds=5), "just now"), (timedelta(hours=3, minutes=5), "3\xa0hours ago")]
)
def test_a_time_is_told_as_people_say_it(passed: timedelta, said: str) -> None:
    assert said in ago(timezone.now() - passed)
