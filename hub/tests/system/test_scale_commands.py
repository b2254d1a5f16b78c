"""Commands to scales and their answers, through the whole hub: by REST with `wait`, by MQTT 5 with a response topic."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hub.tests.system.http_client import Api
from hub.tests.system.ledger import assert_ledger_balances
from hub.tests.system.mqtt_requester import Requester
from hub.tests.system.questions import wait_until_connected
from hub.tests.system.waiting import wait_for
from hub.tests.system.world import World
from simulators.scale import Scale, ScaleSettings


def configuration(world: World) -> str:
    """Three scales of three makers, one of which may be told commands by name."""
    return f"""
version: 1
brokers:
{world.broker_lines("plant")}
devices:
  - {{name: kern, driver: kern-tws, port: {world.port("kern")}, options: {{answer_timeout_s: 1.0}}}}
  - {{name: radwag, driver: radwag, port: {world.port("radwag")}, options: {{named_commands: true}}}}
  - {{name: plain, driver: lines, port: {world.port("plain")}}}
topics:
  - {{name: kern-commands, broker: plant, direction: in, filter: lab/kern/command, qos: 1, codec: text}}
  - {{name: radwag-commands, broker: plant, direction: in, filter: lab/radwag/command, qos: 1, codec: text}}
rules:
  - {{name: kern commands, sources: [{{topic: kern-commands}}], actions: [{{write: kern}}]}}
  - {{name: radwag commands, sources: [{{topic: radwag-commands}}], actions: [{{write: radwag}}]}}
"""


@pytest.fixture(scope="module")
def scales(world: World) -> dict[str, Scale]:
    return {
        "kern": world.run(Scale(world.wire("kern"), ScaleSettings(style="kern"))),
        "radwag": world.run(Scale(world.wire("radwag"), ScaleSettings(style="radwag"))),
        "plain": world.run(Scale(world.wire("plain"))),
    }


@pytest.fixture(scope="module")
def api(world: World, scales: dict[str, Scale]) -> Api:
    """The running hub."""
    for scale in scales.values():
        scale.load.put(12.34)
    world.hub.configure(configuration(world))
    world.hub.start_worker()
    world.hub.start_web()
    wait_until_connected(world.database, "broker:plant", "device:kern", "device:radwag", "device:plain")
    return Api(world.hub.port, world.hub.api_key)


@pytest.fixture(autouse=True)
def books(world: World, api: Api) -> Iterator[None]:
    """After each test the ledger balances."""
    yield
    assert_ledger_balances(world.database)


def test_who_waits_gets_the_stable_weight(api: Api) -> None:
    answer = api.post("devices/kern/commands?wait=15", {"command": "stable"})
    assert (answer.status, answer.body["state"], answer.body["reason"]) == (200, "delivered", "")
    (weight,) = answer.body["answers"]
    assert (weight["decoded"]["kind"], weight["decoded"]["unit"], weight["decoded"]["stable"]) == ("weight", "g", True)
    assert weight["answers"] == answer.body["delivery"]


def test_a_radwag_answers_with_two_lines(api: Api) -> None:
    answer = api.post("devices/radwag/commands?wait=15", {"command": "tare"})
    assert [line["text"] for line in answer.body["answers"]] == ["T A", "T D"]


def test_a_tare_without_an_answer_is_done_when_its_byte_has_left(api: Api, scales: dict[str, Scale]) -> None:
    scales["kern"].received.clear()
    answer = api.post("devices/kern/commands?wait=15", {"command": "tare"})
    assert (answer.status, answer.body["answers"]) == (200, [])
    assert scales["kern"].received.wait(lambda data: data == b"t")


def test_a_driver_that_knows_no_commands_still_gives_the_answer_to_who_waits(api: Api) -> None:
    answer = api.post("devices/plain/commands?wait=5", {"payload": "w"})
    assert len(answer.body["answers"]) == 1
    assert answer.body["answers"][0]["text"].endswith(" g")


def test_a_deaf_scale_is_asked_twice_and_the_next_command_goes_on(api: Api, scales: dict[str, Scale]) -> None:
    scale = scales["kern"]
    scale.settings.deafness = 1.0
    scale.received.clear()
    answer = api.post("devices/kern/commands?wait=15", {"command": "print"})
    scale.settings.deafness = 0.0
    assert (answer.body["state"], answer.body["reason"]) == ("delivered", "no answer within 1 s, asked twice")
    assert scale.received.data == b"ww"
    assert len(api.post("devices/kern/commands?wait=15", {"command": "print"}).body["answers"]) == 1


def test_an_answer_comes_through_noise_and_half_lines(api: Api, scales: dict[str, Scale]) -> None:
    settings = scales["kern"].settings
    settings.send_every_s, settings.half_lines, settings.noise = 0.3, 0.5, 0.3
    try:
        answers = [
            answer
            for _ in range(5)
            for answer in api.post("devices/kern/commands?wait=15", {"command": "print"}).body["answers"]
        ]
    finally:
        settings.send_every_s, settings.half_lines, settings.noise = None, 0.0, 0.0
    assert all(answer["decoded"]["kind"] in ("weight", "error") for answer in answers)


def test_a_question_by_mqtt_is_answered_on_its_response_topic(world: World, api: Api) -> None:
    with Requester(world.plant, "lab/answers/1") as requester:
        requester.ask("lab/kern/command", b"w", b"\x00\x01ff")
        reply = requester.reply()
    assert reply.correlation == b"\x00\x01ff"
    assert len(reply.payload) == 16


def test_an_answer_of_two_lines_is_one_reply_and_a_name_is_understood_where_it_may_be(world: World, api: Api) -> None:
    with Requester(world.plant, "lab/answers/2") as requester:
        requester.ask("lab/radwag/command", b"zero", b"z")
        assert requester.reply().payload == b"Z A\nZ D"
        assert not requester.has_more()


def test_without_that_option_a_name_stays_bytes(world: World, api: Api, scales: dict[str, Scale]) -> None:
    scales["kern"].received.clear()
    world.peer(world.plant).publish("lab/kern/command", b"print")
    assert scales["kern"].received.wait(lambda data: data == b"print")


def test_a_reply_to_a_reserved_topic_is_a_dead_letter(world: World, api: Api) -> None:
    with Requester(world.plant, "lab/answers/3") as requester:
        requester.ask("lab/kern/command", b"w", b"x", reply_to="$SYS/broker")
    dead = wait_for(lambda: api.get("deliveries?state=dead").body["results"], what="a dead reply")
    assert (dead[0]["target"], dead[0]["address"]) == ("broker:plant", "$SYS/broker")
