"""Composition root: settings → telemetry → clients → app, consumer, relay."""

from incognita_scoring.handlers import HANDLERS, READS
from incognita_scoring.repository import PENDING, create_indexes
from incognita_scoring.rescoring.worker import Rescorer
from incognita_scoring.routes import ROUTERS
from incognita_scoring.settings import Settings
from incognita_shared.health import Health
from incognita_shared.http import create_app, serve
from incognita_shared.ids import new_id
from incognita_shared.kafka.consumer import Consumer, create_delivery_indexes
from incognita_shared.kafka.producer import started_producer
from incognita_shared.kafka.topics import ensure_topics
from incognita_shared.logs import configure_logs
from incognita_shared.mongo.client import mongo_database
from incognita_shared.mongo.relay import Relay
from incognita_shared.objects import ObjectStore
from incognita_shared.shutdown import run
from incognita_shared.telemetry import start_telemetry

SERVICE = "scoring"


def main() -> None:
    """Run the service until it is told to stop."""
    configure_logs(SERVICE)
    run(_serve)


async def _serve() -> None:
    settings, health, owner = Settings.read(), Health(), new_id()
    with start_telemetry(SERVICE, settings.telemetry):
        await ensure_topics(settings.kafka)
        async with (
            ObjectStore(settings.objects) as store,
            mongo_database(settings.mongo, SERVICE) as db,
            started_producer(settings.kafka, client_id=SERVICE) as producer,
        ):
            await store.ensure_bucket()
            await create_indexes(db)
            await create_delivery_indexes(db)
            relay = Relay(db, collections=PENDING, producer=producer, health=health, owner=owner)
            consumer = Consumer(
                SERVICE,
                db=db,
                producer=producer,
                handlers=HANDLERS,
                reads=READS,
                health=health,
                settings=settings.kafka,
                owner=owner,
                after_commit=[relay.wake],
            )
            app = create_app(SERVICE, routers=ROUTERS, db=db, settings=settings, health=health)
            app.state.store = store
            rescorer = Rescorer(db, health=health, wrote=relay.wake)
            background = [consumer.run, relay.run, rescorer.run]
            await serve(app, settings.http, background=background)
