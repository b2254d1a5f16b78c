"""The names under which a write says who asked, and a frame says which write it answers. Pure."""

from __future__ import annotations

ANSWERS = "answers"
"""On an Arrival: the id of the Delivery that this frame answers."""
WHOLE = "answer"
"""On the Arrival that ends an answer of several frames: all of them, joined by LF, in hexadecimal."""
REPLY_TO = "reply_to"
"""On a Delivery, and on the Arrival that ends its answer: the MQTT topic that the answer goes to."""
REPLY_BROKER = "reply_broker"
"""The link key of the broker that `REPLY_TO` is on."""
CORRELATION = "correlation_data"
"""What the one who asked wants to find in the reply, in hexadecimal."""
WAIT_S = "wait_s"
"""On a Delivery: somebody waits so many seconds for the answer."""
VIA = "via"
"""The rules that brought the write about; the reply carries them on, so that no rule runs in a circle."""

ASKED_BY = (REPLY_TO, REPLY_BROKER, CORRELATION, VIA)
"""What the frame that ends an answer takes over from the write."""
