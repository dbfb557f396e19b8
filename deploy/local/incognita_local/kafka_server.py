"""Apache Kafka 4 as one KRaft node: broker and controller in one Java process.

A restarted controller refuses its own broker until the session of the broker's last life has
run out, so that timeout is a part of every start: 12 s by Kafka's defaults, 5 s by ours.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import logging
import os
import subprocess
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, TopicAlreadyExistsError

from incognita_local.errors import LocalError, NotReadyError
from incognita_local.processes import last_lines

PROBE_TOPIC = "incognita.probe"
SETTINGS = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://127.0.0.1:{client},CONTROLLER://127.0.0.1:{controller}{more_listeners}
advertised.listeners=PLAINTEXT://127.0.0.1:{client}{more_advertised}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,PROXIED:PLAINTEXT
inter.broker.listener.name=PLAINTEXT
log.dirs={data}
auto.create.topics.enable=false
default.replication.factor=1
min.insync.replicas=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=5
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=5
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=1
group.initial.rebalance.delay.ms=0
log.retention.hours=168
log.segment.bytes=67108864
log.cleaner.dedupe.buffer.size=16777216
broker.heartbeat.interval.ms=500
broker.session.timeout.ms=4000
num.network.threads=2
num.io.threads=4
"""
LOG_SETTINGS = """\
status=error
appender.console.type=Console
appender.console.name=console
appender.console.layout.type=PatternLayout
appender.console.layout.pattern=%d %p %c{1} %m%n
rootLogger.level=warn
rootLogger.appenderRef.console.ref=console
logger.server.name=kafka.server.KafkaRaftServer
logger.server.level=info
"""


class KafkaServer:
    """Configuration, command line and probe of the broker; `directory` holds all it writes.

    With the ports `proxied` and `proxy` it has a second listener at `proxied` which sends its
    clients to `proxy`: whoever asks there speaks to the broker through the proxy alone.
    """

    name = "kafka"
    title = "Apache Kafka 4.0"
    port_names: tuple[str, ...] = ("client", "controller")
    start_timeout_s = 90.0
    stop_timeout_s = 20.0

    def __init__(
        self, directory: Path, *, java: Path, jars: Path, classes: Path | None = None
    ) -> None:
        self.directory = directory
        self.java = java
        self.jars = jars
        self.classes = classes
        self._config = directory / "server.properties"
        self._log_config = directory / "log4j2.properties"

    def prepare(self, ports: Mapping[str, int]) -> None:
        """Write the configuration; format the data directory the first time."""
        data = self.directory / "data"
        data.mkdir(parents=True, exist_ok=True)
        self._config.write_text(_settings(data, ports), encoding="utf-8")
        self._log_config.write_text(LOG_SETTINGS, encoding="utf-8")
        if (data / "meta.properties").exists():
            return
        cluster = cluster_id()
        log = self.directory / "format.log"
        with log.open("wb") as output:
            status = subprocess.run(
                [
                    *self._java("-Xmx128m"),
                    *("kafka.tools.StorageTool", "format"),
                    *("--cluster-id", cluster, "--config", str(self._config)),
                ],
                stdout=output,
                stderr=subprocess.STDOUT,
                check=False,
            ).returncode
        if status:
            raise LocalError(f"Kafka's data directory can't be formatted:\n{last_lines(log)}")

    def _java(self, *options: str) -> list[str]:
        archive = [f"-XX:SharedArchiveFile={self.classes}"] if self.classes else []
        # in one order: a class archive counts for one class path only
        class_path = ":".join(sorted(str(jar) for jar in self.jars.glob("*.jar")))
        return [
            str(self.java),
            *options,
            *("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto", *archive),
            f"-Dlog4j2.configurationFile={self._log_config}",
            *("-cp", class_path),
        ]

    def argv(self, ports: Mapping[str, int]) -> list[str]:
        heap = os.environ.get("INCOGNITA_KAFKA_HEAP", "512m")
        return [*self._java(f"-Xmx{heap}"), "kafka.Kafka", str(self._config)]

    def extra_env(self) -> dict[str, str]:
        return {}

    def variables(self, ports: Mapping[str, int]) -> dict[str, str]:
        return {"KAFKA_BOOTSTRAP_SERVERS": f"127.0.0.1:{ports['client']}"}

    def url(self, ports: Mapping[str, int]) -> str:
        return f"127.0.0.1:{ports['client']}"

    def probe(self, ports: Mapping[str, int]) -> None:
        """A record written and read back. Raises NotReadyError."""
        try:
            with _quiet_client():
                asyncio.run(asyncio.wait_for(_write_and_read(self.url(ports)), 10))
        except (KafkaError, TimeoutError, OSError) as error:
            raise NotReadyError(str(error) or type(error).__name__) from error


def _settings(data: Path, ports: Mapping[str, int]) -> str:
    listens = f",PROXIED://127.0.0.1:{ports['proxied']}" if "proxied" in ports else ""
    advertised = f",PROXIED://127.0.0.1:{ports['proxy']}" if "proxied" in ports else ""
    return SETTINGS.format(data=data, more_listeners=listens, more_advertised=advertised, **ports)


def cluster_id() -> str:
    """16 random bytes in base64; never with a leading dash, which would read as an option."""
    return base64.urlsafe_b64encode(b"K" + os.urandom(15)).decode().rstrip("=")


@contextlib.contextmanager
def _quiet_client() -> Iterator[None]:
    """While a broker starts, what the client says of its retries only worries the reader."""
    log = logging.getLogger("aiokafka")
    level = log.level
    log.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        log.setLevel(level)


async def _write_and_read(bootstrap: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        settings = {"retention.ms": "3600000"}
        topic = NewTopic(PROBE_TOPIC, 1, 1, topic_configs=settings)
        with contextlib.suppress(TopicAlreadyExistsError):
            await admin.create_topics([topic])
        await admin.find_coordinator(PROBE_TOPIC)  # the offsets topic is made at the first asking
    finally:
        await admin.close()
    value = json.dumps({"probe": uuid.uuid4().hex}).encode()
    async with AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all") as producer:
        sent = await producer.send_and_wait(PROBE_TOPIC, value)
    async with AIOKafkaConsumer(bootstrap_servers=bootstrap) as consumer:
        partition = TopicPartition(PROBE_TOPIC, 0)
        consumer.assign([partition])
        consumer.seek(partition, sent.offset)
        record = await consumer.getone()
    if record.value != value:
        raise NotReadyError(f"read {record.value!r} where {value!r} was written")
