"""Reading one delivery: whatever its reader stumbles over concerns that delivery alone."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from pipeline.errors import DeliveryError
from pipeline.sources.base import Delivery

log = logging.getLogger(__name__)


class UnreadableError(Exception):
    """The reader gave up on one delivery."""

    def __init__(self, delivery_id: str, problem: str) -> None:
        super().__init__(problem)
        self.delivery_id, self.problem = delivery_id, problem


@contextmanager
def blamed(delivery: Delivery) -> Iterator[None]:
    """Turn any failure into an UnreadableError of this delivery.

    Raises:
        UnreadableError: the reader gave up, on this delivery or on another one read meanwhile.
    """
    try:
        yield
    except UnreadableError:
        raise
    except DeliveryError as error:
        raise UnreadableError(delivery.delivery_id, f"{error.problem} {error.remedy}") from error
    except Exception as error:
        log.exception("Reader %s failed on %s", delivery.source_id, delivery.delivery_id)
        raise UnreadableError(
            delivery.delivery_id,
            f"The reader of {delivery.source_id} failed ({type(error).__name__}: {error}). "
            "Report it with the file; once mended, replay the delivery.",
        ) from error
