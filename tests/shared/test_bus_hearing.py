"""What one service says takes effect in another: all of it, once, in order."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from deploy.servers import Nats
from tests.conftest import NewDatabase
from tests.shared.bus_toy import Toy, running, toy

WITHIN_S = 10


async def test_everything_said_is_heard_once_and_in_order(alpha: Toy, beta: Toy, broker: Nats) -> None:
    hearing = beta.hearing("alpha", nats_url=broker.url, feed=alpha.log.read)
    before = await alpha.say_many(700)
    async with running(alpha.relay(broker.url).run(), hearing.run()):
        assert await hearing.reached(before, WITHIN_S)
        for word in ("one", "two", "three"):
            last = await alpha.say(word)
            assert await hearing.reached(last, WITHIN_S)
        last = await alpha.say_many(300)
        assert await hearing.reached(last, WITHIN_S)
    assert await beta.heard("alpha") == await alpha.written()
    assert hearing.alarms == 0
