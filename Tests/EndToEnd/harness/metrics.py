"""Reads a scrape with Prometheus' own parser."""

from prometheus_client.openmetrics.parser import text_string_to_metric_families as text_string_to_openmetrics_families
from prometheus_client.parser import text_string_to_metric_families

from .wire import ask


class Scrape:
    def __init__(self, text: str):
        self.text = text
        self.families = {family.name: family for family in text_string_to_metric_families(text)}

    def samples(self, name: str, **labels):
        return [sample for family in self.families.values() for sample in family.samples
                if sample.name == name and all(sample.labels.get(k) == v for k, v in labels.items())]

    def sum(self, name: str, **labels) -> float:
        return sum(sample.value for sample in self.samples(name, **labels))


def scrape(admin_port: int) -> Scrape:
    reply = ask(admin_port, "GET", "/metrics", host=f"127.0.0.1:{admin_port}")
    assert reply.status == 200, reply
    return Scrape(reply.body.decode())


def openmetrics(admin_port: int) -> list:
    """The families of a scrape in OpenMetrics, exemplars included."""
    accept = [("Accept", "application/openmetrics-text; version=1.0.0")]
    reply = ask(admin_port, "GET", "/metrics", accept, host=f"127.0.0.1:{admin_port}")
    assert reply.status == 200, reply
    return list(text_string_to_openmetrics_families(reply.body.decode()))
