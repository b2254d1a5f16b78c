"""What goes to the central broker is byte for byte what kpm33b_proxy sends: from our guide and from its own file."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pytest
from django.conf import settings

from bridges.codecs.base import Incoming
from bridges.config_file.importer import import_config
from bridges.models import Broker, Meter, MeterDefaults, Rule, Topic
from bridges.pipeline.compilation import compile_snapshot
from bridges.pipeline.decisions import Decider
from bridges.pipeline.memory import Memory
from telemetry.ids import new_id
from telemetry.values import Arrival

NOW = datetime(2026, 1, 17, 21, 0, tzinfo=UTC)
GUIDE = Path(settings.BASE_DIR) / "docs" / "guides" / "two-broker-meter-proxy.yaml"
SAMPLES = [json.loads(line) for line in (Path(__file__).parent / "samples" / "mqtt.jsonl").read_text().splitlines()]
SECONDS = (
    '{"id":"33B1225950027","ia":9.735,"ib":9.658,"ic":9.655,"ua":229.097,"ub":231.567,"uc":232.529,"pa":2.2229,'
    '"pb":2.2293,"pc":2.2382,"zyggl":6.6905,"pfa":0.996,"pfb":0.995,"pfc":0.994,"zglys":0.996,'
    '"time":"20260112163900","isend":"1"}'
)
PLAIN = '{"id":"33B1225950027","time":"20260112163900","active_power":6.6905}'
OLD = """
internal_broker: {host: "0.0.0.0", port: 11883}
central_broker: {host: 10.4.4.17, port: 1883, username: proxy, password: very-secret}
internal_broker_topics:
  meter_seconds_data: "MQTT_RT_DATA"
  meter_minutes_data: "MQTT_ENY_NOW"
  meter_settime: "MQTT_COMMOD_SET_"
  meter_settime_ack: "MQTT_COMMOD_SET_REP"
central_broker_topics: {external_main_topic: kpm33b, status_topic: kpm33b/status}
logging: {level: INFO}
kpm33b_meters:
  upload_frequency_seconds: 30
  upload_frequency_minutes: 7
  exclude_device_ids: ["33B120000000"]
  device_contexts: {"33B1225950027": "Wärmepumpe Süd", "33B1225950029": building1/floor2}
  per_phase_device_ids: ["33B1225950027"]
  per_phase_groups: [current, power_factor]
"""

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def central_password(monkeypatch: pytest.MonkeyPatch) -> None:
    """The guide's file takes it from the environment."""
    monkeypatch.setenv("CENTRAL_PASSWORD", "secret")


def sent(packets: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """What these packets of meters bring to the central broker."""
    snapshot, sequence, memory, out = compile_snapshot(), count(1), Memory(), []
    assert snapshot.faults == {}
    names = {"MQTT_RT_DATA": "meter-seconds", "MQTT_ENY_NOW": "meter-minutes"}
    for topic, payload in packets:
        arrival = Arrival(
            link="broker:meters",
            payload=payload.encode(),
            received_at=NOW,
            sequence=next(sequence),
            topic=topic,
            topics=(names[topic],),
            connection=1,
        )
        decider = Decider(snapshot, memory, now=NOW, new_id=new_id)
        batch = decider.decide_all([arrival])
        memory.apply(decider.changes)
        assert batch.dead_letters == []
        assert {(draft.target, draft.qos, draft.is_retained) for draft in batch.deliveries} <= {
            ("broker:central", 1, False)
        }
        out += [(draft.address, draft.payload.decode()) for draft in batch.deliveries]
    return out


def test_seconds_are_those_of_the_reference() -> None:
    import_config(GUIDE.read_bytes())
    reference = next(sample for sample in SAMPLES if sample["topic"] == "kpm33b/33B1225950027/seconds")
    assert sent([("MQTT_RT_DATA", SECONDS)]) == [(reference["topic"], reference["payload"])]


def test_minutes_of_every_real_sample_are_those_of_the_reference_and_ghosts_send_nothing() -> None:
    import_config(GUIDE.read_bytes())
    for sample in (sample for sample in SAMPLES if sample["topic"] == "MQTT_ENY_NOW"):
        said = json.loads(sample["payload"])
        packed = {"id": said["id"], "time": said["time"], "active_energy": said.get("zygsz")}
        expected = (f"kpm33b/{said['id']}/minutes", json.dumps(packed, separators=(",", ":")))
        assert sent([("MQTT_ENY_NOW", sample["payload"])]) == ([] if "GHOST" in sample["notes"] else [expected])


def test_what_is_missing_is_null() -> None:
    import_config(GUIDE.read_bytes())
    packets = [("MQTT_RT_DATA", '{"id":"33B1225950027","ua":229.097,"isend":"1"}')]
    assert sent(packets) == [("kpm33b/33B1225950027/seconds", '{"id":"33B1225950027","time":null,"active_power":null}')]


@pytest.mark.parametrize("context", ["Wärmepumpe Süd", "building1/floor2"])
def test_a_context_is_a_level_before_the_id(context: str) -> None:
    import_config(GUIDE.read_bytes())
    Meter.objects.create(name="33B1225950027", broker=Broker.objects.get(name="meters"), context=context)
    assert sent([("MQTT_RT_DATA", SECONDS)]) == [(f"kpm33b/{context}/33B1225950027/seconds", PLAIN)]


def test_the_old_proxys_file_is_taken_over_and_says_what_is_not() -> None:
    report = import_config(OLD.encode())
    assert report.warnings == []
    notes = "\n".join(report.notes)
    for words in ("status_topic", "logging", "upload_frequency_minutes", "127.0.0.1", "password", "2 contexts"):
        assert words in notes
    assert "very-secret" not in notes
    central = Broker.objects.get(name="central")
    assert (central.host, central.username, central.password) == ("10.4.4.17", "proxy", "very-secret")
    assert Topic.objects.get(name="meter-minutes").codec_options == {"excluded_ids": "33B120000000"}
    defaults = MeterDefaults.objects.get()
    assert (defaults.desired_seconds_interval, defaults.desired_minutes_interval) == (30, None)
    assert import_config(OLD.encode()).changes == []
    assert Broker.objects.get(name="central").password == "very-secret"


def test_a_dry_run_of_the_old_proxys_file_changes_nothing() -> None:
    assert import_config(OLD.encode(), dry_run=True).notes
    assert not Broker.objects.exists()
    assert not Rule.objects.exists()


def test_the_old_proxys_contexts_and_phases_come_out_as_before() -> None:
    import_config(OLD.encode())
    plain = SECONDS.replace("950027", "950028")
    assert sent([("MQTT_RT_DATA", SECONDS), ("MQTT_RT_DATA", plain)]) == [
        (
            "kpm33b/Wärmepumpe Süd/33B1225950027/seconds",
            '{"id":"33B1225950027","time":"20260112163900","active_power":6.6905,"current_l1":9.735,'
            '"current_l2":9.658,"current_l3":9.655,"power_factor_l1":0.996,"power_factor_l2":0.995,'
            '"power_factor_l3":0.994,"power_factor":0.996}',
        ),
        ("kpm33b/33B1225950028/seconds", PLAIN.replace("950027", "950028")),
    ]


def test_an_excluded_meter_of_the_old_proxys_file_sends_nothing() -> None:
    import_config(OLD.encode())
    assert sent([("MQTT_RT_DATA", SECONDS.replace("33B1225950027", "33B120000000"))]) == []


@pytest.mark.parametrize(("own", "of_all", "hour"), [("+01:00", "+03:00", 15), ("", "+03:00", 13), ("", None, 16)])
def test_a_meters_own_zone_goes_before_that_of_all_and_that_before_the_topics(
    own: str, of_all: str | None, hour: int
) -> None:
    import_config(GUIDE.read_bytes())
    broker = Broker.objects.get(name="meters")
    Meter.objects.create(name="33B1225950027", broker=broker, zone=own)
    if of_all:
        MeterDefaults.objects.create(name="all", broker=broker, zone=of_all)
    codec = compile_snapshot().topics["meter-seconds"].codec
    _, (decoded,) = codec.decode(None, Incoming(SECONDS.encode(), NOW, "MQTT_RT_DATA"))
    assert decoded.time == datetime(2026, 1, 12, hour, 39, tzinfo=UTC)
