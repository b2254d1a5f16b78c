"""Installing a pack: all or nothing, twice is once, a dry run changes nothing, and nobody else's rows are touched."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from bridges.config_file.faults import ConfigFileRefused
from bridges.models import Broker, InstalledPack, OwnPack, Rule, Topic
from bridges.packs.installing import SettingsRefused, TestsFailed, install, installations
from bridges.packs.library import keep_own, pack_named
from bridges.packs.reading import read_pack
from bridges.tests.packs import PACK, changed
from devices.models import Device

pytestmark = pytest.mark.django_db
ANSWERS = {"port": "/dev/ttyS9", "broker": "mqtt://me:very-secret@127.0.0.1:1899"}


def test_everything_is_made_and_is_remembered_without_secrets() -> None:
    done = install(read_pack(PACK.encode()), ANSWERS)
    assert [str(change) for change in done.report.changes] == [
        "+ broker 127.0.0.1",
        "+ device scale",
        "+ topic scale-weight",
        "+ rule scale weights",
    ]
    broker = Broker.objects.get()
    assert (broker.port, broker.username, broker.password) == (1899, "me", "very-secret")
    assert Rule.objects.get().condition == "readings.stable == 1.0 && readings.weight < 5.0"
    kept = InstalledPack.objects.get()
    assert kept.settings["broker"] == "127.0.0.1"
    assert "very-secret" not in str(kept.settings)
    assert ["devices", "scale"] in kept.rows


def test_twice_is_once() -> None:
    install(read_pack(PACK.encode()), ANSWERS)
    again = install(read_pack(PACK.encode()), ANSWERS)
    assert again.report.changes == []
    assert Broker.objects.count() == 1
    assert len(installations("test-scale")) == 1


def test_other_names_make_one_more() -> None:
    install(read_pack(PACK.encode()), ANSWERS)
    install(read_pack(PACK.encode()), {"device": "other", "port": "/dev/ttyS8", "broker": "127.0.0.1"})
    assert set(Device.objects.values_list("name", flat=True)) == {"scale", "other"}
    assert len(installations("test-scale")) == 2


def test_other_answers_change_what_is_there() -> None:
    install(read_pack(PACK.encode()), ANSWERS)
    done = install(read_pack(PACK.encode()), {**ANSWERS, "limit": "7.5"})
    assert [change.name for change in done.report.changes] == ["scale weights"]
    assert Rule.objects.get().condition.endswith("< 7.5")


def test_without_a_broker_what_needs_one_is_left_out() -> None:
    install(read_pack(PACK.encode()), {"port": "/dev/ttyS9"})
    assert Device.objects.get().name == "scale"
    assert (Topic.objects.count(), Rule.objects.count(), Broker.objects.count()) == (0, 0, 0)


def test_a_dry_run_tells_the_same_and_changes_nothing() -> None:
    done = install(read_pack(PACK.encode()), ANSWERS, dry_run=True)
    assert len(done.report.changes) == 4
    assert (Device.objects.count(), Broker.objects.count(), InstalledPack.objects.count()) == (0, 0, 0)


def test_a_name_that_somebody_else_gave_is_refused_and_stays() -> None:
    Device.objects.create(name="scale", label="Mine")
    with pytest.raises(
        ConfigFileRefused, match=r"is already set up, by hand, .* Delete it first, or choose another name"
    ):
        install(read_pack(PACK.encode()), ANSWERS)
    assert Device.objects.get().label == "Mine"
    assert Broker.objects.count() == 0


def test_what_was_edited_since_is_overwritten_only_if_asked() -> None:
    install(read_pack(PACK.encode()), ANSWERS)
    Device.objects.update(label="Edited", edited_on_web=True)
    with pytest.raises(ConfigFileRefused, match="edited on the web"):
        install(read_pack(PACK.encode()), ANSWERS)
    install(read_pack(PACK.encode()), ANSWERS, force=True)
    assert Device.objects.get().label == ""


def test_a_pack_whose_test_fails_is_not_installed_and_says_which_and_why() -> None:
    with pytest.raises(TestsFailed) as failed:
        install(read_pack(changed("weight: -12.34 g", "weight: 12.34 g").encode()), ANSWERS)
    assert "a weight at rest" in str(failed.value)
    assert "-12.34 g, not 12.34 g" in str(failed.value)
    assert Device.objects.count() == 0


@pytest.mark.parametrize(
    ("given", "setting"),
    [({}, "port"), ({"port": "/dev/x", "broker": "nowhere"}, "broker"), ({**ANSWERS, "colour": "red"}, "colour")],
)
def test_an_answer_that_cannot_be_used_is_told_by_its_setting(given: dict[str, str], setting: str) -> None:
    with pytest.raises(SettingsRefused) as refused:
        install(read_pack(PACK.encode()), given)
    assert list(refused.value.faults) == [setting]


def test_a_fault_of_a_row_has_the_line_of_the_pack() -> None:
    text = changed("driver: kern-tws", "driver: kern-tws\n      baud: 7")
    with pytest.raises(ConfigFileRefused) as refused:
        install(read_pack(text.encode()), ANSWERS)
    (fault,) = refused.value.faults
    assert text.splitlines()[fault.line - 1].strip() == "baud: 7"


def test_an_address_that_the_hub_knows_is_that_broker() -> None:
    Broker.objects.create(name="plant", host="127.0.0.1", port=1899, username="me")
    install(read_pack(PACK.encode()), ANSWERS)
    assert Topic.objects.get().broker.name == "plant"


def test_an_own_pack_is_kept_but_never_in_the_place_of_the_hubs() -> None:
    keep_own(PACK.encode(), by="me")
    known = pack_named("test-scale")
    assert known is not None
    assert known.is_own
    with pytest.raises(ConfigFileRefused, match="pack 'mt-sics' of its own"):
        keep_own(changed("name: test-scale", "name: mt-sics").encode())
    assert OwnPack.objects.count() == 1


def run(*arguments: str) -> str:
    """What the command says."""
    out = io.StringIO()
    call_command("install_pack", *arguments, stdout=out, stderr=out)
    return out.getvalue()


def test_the_command_lists_tests_previews_and_installs(tmp_path: Path) -> None:
    file = tmp_path / "own.yaml"
    file.write_text(PACK)
    assert "mt-sics" in run("--list")
    assert "Serial port (must be given, e.g. /dev/ttyUSB0)" in run(str(file), "--list")
    assert "all 2 tests pass" in run(str(file), "--test-only")
    assert "Dry run, nothing was changed: 1 added" in run(str(file), "--set", "port=/dev/ttyS9", "--dry-run")
    assert "+ device scale" in run(str(file), "--set", "port=/dev/ttyS9")
    assert "Nothing to change." in run(str(file), "--set", "port=/dev/ttyS9")


def test_the_command_names_line_and_test_of_a_fault(tmp_path: Path) -> None:
    file = tmp_path / "own.yaml"
    file.write_text(changed("sends: t", "sends: w"))
    out = io.StringIO()
    with pytest.raises(CommandError, match="1 tests of the pack fail"):
        call_command("install_pack", str(file), "--test-only", stdout=out, stderr=out)
    line = PACK[: PACK.index("- name: a command")].count("\n") + 1
    assert f"{file}:{line}: a command: the bytes are b't', not 'w'" in out.getvalue()
    file.write_text(changed("kind: port", "kind: pot"))
    with pytest.raises(CommandError, match="1 fault"):
        call_command("install_pack", str(file), stdout=out, stderr=out)
