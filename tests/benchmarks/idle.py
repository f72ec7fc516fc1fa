"""A quiet system: one signed webhook at a time, from before it is sent until the CRM answered: `make bench-idle`."""

import json
import random
import sys
import time
from argparse import ArgumentParser
from datetime import timedelta
from functools import partial
from statistics import quantiles

from tests.rig import until, whole


def main() -> None:
    """Send one after the other, each by somebody new, with a pause of random length between."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--signals", type=int, default=150)
    chosen = parser.parse_args()
    rng = random.Random(1)
    with whole(workers=1, processes=2) as rig:
        from crm_sync.models import PushAttempt  # noqa: PLC0415 - needs Django set up
        from leadhub.kernel import clock  # noqa: PLC0415 - needs Django set up
        from leadhub.sandbox.telephony.wire import Wire  # noqa: PLC0415 - needs Django set up
        from tests.people import Doors, Somebody  # noqa: PLC0415 - needs Django set up

        times: list[float] = []
        doors = Doors.open(seed=1, web_url=rig.web_url)
        with Wire() as wire:
            for number in range(chosen.signals + 10):
                sent = clock.now()
                answered = wire.send(doors.twilio.text(sender=Somebody(number).phone, body="Hello"))
                if not answered.accepted:
                    raise SystemExit(f"the door said {answered.status}")
                until(partial(pushed_more_than, number), what="the CRM", every=0.005)
                last = PushAttempt.objects.order_by("-at").values_list("at", flat=True)[0]
                times.append((last - sent) / timedelta(milliseconds=1))
                time.sleep(rng.uniform(0.05, 0.3))
    counted = times[10:]  # the first ones warm the caches
    cuts = quantiles(counted, n=100, method="inclusive")
    result = {
        "idle_p50_ms": round(cuts[49], 1),
        "idle_p95_ms": round(cuts[94], 1),
        "idle_max_ms": round(max(counted), 1),
    }
    sys.stdout.write(json.dumps(result | {"signals": len(counted)}) + "\n")


def pushed_more_than(count: int) -> bool:
    """Tell whether the CRM has acknowledged more pushes than these."""
    from crm_sync.models import PushAttempt  # noqa: PLC0415 - needs Django set up

    return PushAttempt.objects.count() > count


if __name__ == "__main__":
    main()
