"""Send ops over the line and read what became of each; a batch spoiled by one record is sent in parts."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import groupby

from crm_sync.contracts import OpResult, Outcome, SendInParts, UpsertOp
from crm_sync.line import Line
from crm_sync.models import RemoteLink
from crm_sync.planning import Account, Item, attempt, op_for
from leadhub.kernel.errors import OutcomeUnknown, Retryable
from leadhub.kernel.http import Unsure

SOON = timedelta(seconds=1)
LONGEST_WAIT = timedelta(minutes=5)
UNSURE_ALONE = 6  # times one record alone may go unanswered, while others are answered, before a person must look

Pair = tuple[Item, UpsertOp]
Send = Callable[[Sequence[UpsertOp]], list[OpResult]]


def upsert(*, items: Sequence[Item], line: Line, account: Account, now: datetime) -> list[tuple[Item, OpResult]]:
    """Bring the records of these leads up to date. Gives back those that another record stands in the way of."""
    pairs = [(item, op) for item in items if (op := op_for(item, account))]
    return send(pairs, account.connector.upsert, line=line, account=account, now=now)


def send(
    pairs: Sequence[Pair], do: Send, *, line: Line, account: Account, now: datetime, operation: str = "upsert"
) -> list[tuple[Item, OpResult]]:
    """Send ops in batches the CRM can take. Each item ends or goes on; those OWNED by others are given back."""
    waiting = deque(_parts(pairs, account.connector.capabilities.max_batch))
    contested: list[tuple[Item, OpResult]] = []
    while waiting:
        part = waiting.popleft()
        # One half after the other, not the first to the bottom: good halves keep the breaker calm.
        results = _one_call(part, do, line, waiting)
        for (item, op), result in zip(part, results, strict=False):
            attempt(item, account, operation=operation, outcome=result.outcome, op=op, result=result, now=now)
            if result.outcome is Outcome.OWNED:
                contested.append((item, result))
            elif result.outcome is Outcome.UNKNOWN:
                _unanswered(item, result, account, alone=len(part) == 1 and line.failures == 1)
            else:
                _settle(item, op, result, account)
    return contested


def _parts(pairs: Sequence[Pair], size: int) -> Iterator[Sequence[Pair]]:
    # Rows that went unanswered go in ever smaller company, so that the one to blame is alone in the end.
    for bounced, group in groupby(sorted(pairs, key=_bounced), key=_bounced):
        alike, most = list(group), max(1, size >> bounced)
        yield from (alike[start : start + most] for start in range(0, len(alike), most))


def _bounced(pair: Pair) -> int:
    return pair[0].job.bounced


def _one_call(part: Sequence[Pair], do: Send, line: Line, waiting: deque[Sequence[Pair]]) -> list[OpResult]:
    try:
        return line.call(lambda: do([op for _item, op in part]))
    except SendInParts:
        waiting.extend(_halves(part))
    except Unsure as stumbled:
        if stumbled.stumbled and len(part) > 1 and line.open:
            waiting.extend(_halves(part))
        else:
            return [OpResult(outcome=Outcome.UNKNOWN, detail=str(stumbled)) for _ in part]
    except Retryable as later:
        put_off([item for item, _op in part], later)
    return []


def _halves(part: Sequence[Pair]) -> tuple[Sequence[Pair], Sequence[Pair]]:
    middle = len(part) // 2
    return part[:middle], part[middle:]


def put_off(items: Sequence[Item], error: Retryable | OutcomeUnknown) -> None:
    """Give the rows back: nothing was done, or it will be looked up before anything else is."""
    after = error.after if isinstance(error, Retryable) else None
    for item in items:
        item.later(str(error), wait=SOON if after is None else timedelta(seconds=after))


def _settle(item: Item, op: UpsertOp, result: OpResult, account: Account) -> None:
    if result.outcome is Outcome.GONE:
        forget(item)
        item.later(f"{account.connection} has lost this record: it is made anew", wait=timedelta())
    elif result.outcome is Outcome.REJECTED:
        item.aside(_in_words(result, account))
    else:
        confirm(item, op, result, unique=account.connector.capabilities.unique_fields)


def confirm(item: Item, op: UpsertOp, result: OpResult, *, unique: Sequence[str]) -> None:
    """Believe what the CRM confirmed, in the form it keeps it."""
    link = item.link
    known = link.state == RemoteLink.State.LINKED and link.remote_id
    made_anew = bool(known) and result.outcome is Outcome.CREATED
    base = {} if made_anew else link.base
    kept = {name: result.values.get(name, value) for name, value in op.set.items()}
    item.freed = item.freed or any(name in base and (name in op.clear or name in op.set) for name in unique)
    link.base = {name: value for name, value in {**base, **kept}.items() if name not in op.clear}
    # A deleted record came back with only what changed; one merged by the CRM's people holds their values too.
    item.again = item.again or made_anew
    item.doubt = item.doubt or (bool(known) and not made_anew and result.remote_id != link.remote_id)
    item.again = item.again or item.doubt
    link.remote_id, link.remote_version, link.state = result.remote_id, result.version[:64], RemoteLink.State.LINKED
    item.changed = True


def forget(item: Item) -> None:
    """Drop what was believed of a record that is gone."""
    item.link.remote_id, item.link.base, item.link.state = "", {}, RemoteLink.State.PENDING
    item.changed = True


def _unanswered(item: Item, result: OpResult, account: Account, *, alone: bool) -> None:
    item.doubt = item.changed = True
    # Alone, and the call before it went well: then it is this record the CRM cannot stomach.
    if alone and item.job.bounced >= UNSURE_ALONE:
        item.aside(
            f"{account.connection} fails over this record alone: {result.detail}. Look at its values, then try again."
        )
        return
    wait = min(LONGEST_WAIT, SOON * 2 ** min(item.job.bounced, 10))
    item.later(result.detail, wait=wait, bounced=True)


def _in_words(result: OpResult, account: Account) -> str:
    name = f" the property {result.field}" if result.field else ""
    return f"{account.connection} refuses{name}: {result.detail} Correct the value or the mapping, then try again."
