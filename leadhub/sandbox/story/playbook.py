"""The whole story: how many play which part."""

import random
from collections.abc import Sequence
from datetime import datetime

from leadhub.sandbox.story import mishaps, roles
from leadhub.sandbox.story.cast import Casting
from leadhub.sandbox.story.script import Doors, Role, Script

PARTS: Sequence[tuple[int, Role]] = (
    (9, roles.texter),
    (12, roles.caller),
    (10, roles.visitor),
    (8, roles.customer),
    (7, roles.two_in_one),
    (3, roles.household),
    (3, roles.leaver),
    (2, roles.returner),
    (2, roles.stranger),
    (2, roles.withheld),
    (4, roles.our_own_calls),
)
FORMS = 60  # time tokens to fetch before the curtain rises: more than there are forms


def write(*, doors: Doors, casting: Casting, rng: random.Random, deliveries: int, now: datetime) -> Script:
    """Write the script. It is longer than `deliveries` only if that is too few to tell the story."""
    script = Script(doors=doors, casting=casting, rng=rng, now=now)
    for number, role in PARTS:
        for _ in range(number):
            role(script)
    mishaps.play(script)
    roles.chatter(script, deliveries=deliveries)
    return script
