"""A small pack that tests change here and there."""

from __future__ import annotations

PACK = """\
pack: 1
name: test-scale
title: A scale for tests
category: scale
products: [KERN PCB]
summary: A scale.
doc: |
  All about it.
settings:
  - {name: device, label: Name, kind: name, default: scale}
  - {name: port, label: Serial port, kind: port, example: "/dev/ttyUSB0"}
  - {name: broker, label: Broker, kind: broker, optional: true, example: plant}
  - {name: limit, label: Below, kind: number, default: 5}
config:
  devices:
    - name: "{setting.device}"
      driver: kern-tws
      port: "{setting.port}"
  topics:
    - name: "{setting.device}-weight"
      only_with: broker
      broker: "{setting.broker}"
      direction: out
      filter: "lab/{device}/weight"
      qos: 2
  rules:
    - name: "{setting.device} weights"
      only_with: broker
      sources: [{device: "{setting.device}"}]
      condition: "readings.stable == 1.0 && readings.weight < {setting.limit}"
      transform: {weight: payload.text, unit: payload.unit}
      actions: [{publish: "{setting.device}-weight"}]
tests:
  - name: a weight at rest
    line: " -     12.34 g  \\r\\n"
    expect:
      kind: weight
      readings: {weight: -12.34 g, stable: 1}
      publishes: [{topic: lab/scale/weight, payload: {weight: "-12.34", unit: g}, qos: 2, broker: plant}]
  - name: a command
    command: tare
    expect: {sends: t}
simulators:
  - run: scale --link {setting.port} --style kern
    faults: {half lines: --half-lines 0.2}
"""


def changed(old: str, new: str) -> str:
    """The pack with other words somewhere."""
    assert old in PACK
    return PACK.replace(old, new, 1)
