"""What Prometheus counts on: figures of the present day (UTC), that only grow until the next one begins.

They are counted from the database at each scrape and by its clock, so every process says the same number, and one
that was just started goes on where the others are. At midnight they begin anew, which Prometheus takes for a restart
of whoever counts: `rate` and `increase` are right over it.
"""

from collections.abc import Iterable, Iterator, Mapping

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily

from store.today import Spread, Today

CALLED_MS = (1_000, 2_000, 5_000, 10_000, 30_000, 60_000, 300_000, 3_600_000, 43_200_000)
ANSWERED_MS = (100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000)


def families(figures: Today) -> Iterator[Metric]:
    deliveries = CounterMetricFamily("gateway_deliveries", "Requests of senders, today", labels=("source", "result"))
    for key, n in figures.deliveries.items():
        deliveries.add_metric(key, n)
    yield deliveries
    spent = CounterMetricFamily(
        "gateway_spend", "The most that today's calls cost, as the provider said", labels=["source"]
    )
    for source, price in figures.spent.items():
        spent.add_metric([source], float(price))
    yield spent
    yield _spread("speed_to_call", "From lead to first call, today", "source", figures.called, CALLED_MS)
    yield _spread("provider_request", "From claim to whole reply, today", "account", figures.answered, ANSWERED_MS)


def _spread(name: str, what: str, label: str, spreads: Mapping[str, Spread], bounds: Iterable[int]) -> Metric:
    family = HistogramMetricFamily(f"gateway_{name}_seconds", what, labels=[label])
    steps = [str(bound / 1000) for bound in bounds]
    for key, one in spreads.items():
        buckets = [*zip(steps, map(float, one.within), strict=True), ("+Inf", float(one.count))]
        family.add_metric([key], buckets, one.sum_ms / 1000)
    return family
