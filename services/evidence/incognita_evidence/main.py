"""Composition root: settings → telemetry → clients → app, consumer, relay."""

from asyncio import Semaphore
from collections.abc import Callable

from fastapi import FastAPI

from incognita_evidence.desk import desks
from incognita_evidence.handlers import HANDLERS
from incognita_evidence.openrosa.phone_desk import phone_desks
from incognita_evidence.orphans import Orphans
from incognita_evidence.removal import Removal
from incognita_evidence.repository import PENDING, create_indexes
from incognita_evidence.routes import KEYS_BELOW, ROUTERS, STREAMED_PATHS
from incognita_evidence.settings import Settings
from incognita_shared.health import Health
from incognita_shared.http import create_app, serve
from incognita_shared.ids import new_id
from incognita_shared.kafka.consumer import Consumer, create_delivery_indexes
from incognita_shared.kafka.producer import started_producer
from incognita_shared.kafka.topics import ensure_topics
from incognita_shared.logs import configure_logs
from incognita_shared.mongo.client import Database, mongo_database
from incognita_shared.mongo.relay import Relay
from incognita_shared.objects import ObjectStore
from incognita_shared.shutdown import run
from incognita_shared.telemetry import start_telemetry

SERVICE = "evidence"


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
                health=health,
                settings=settings.kafka,
                owner=owner,
                after_commit=[relay.wake],
            )
            app = build_app(settings, db=db, health=health, store=store, wake=relay.wake)
            removal = Removal(db, store=store, desk_of=app.state.desk, health=health, owner=owner)
            patience = settings.evidence.patience()
            orphans = Orphans(db, store=store, health=health, owner=owner, patience=patience)
            background = [consumer.run, relay.run, removal.run, orphans.run]
            await serve(app, settings.http, background=background)


def build_app(
    settings: Settings,
    *,
    db: Database,
    health: Health,
    store: ObjectStore,
    wake: Callable[[], None],
) -> FastAPI:
    """The app with what its routes need in ``app.state``; ``wake`` is called after each write."""
    app = create_app(
        SERVICE,
        routers=ROUTERS,
        db=db,
        settings=settings,
        health=health,
        streamed_paths=STREAMED_PATHS,
        keys_below=KEYS_BELOW,
    )
    app.state.store = store
    app.state.desk = desks(db, store, settings.evidence)
    app.state.phone_desk = phone_desks(db, store, settings.evidence, app.state.desk)
    app.state.phones_at_once = Semaphore(settings.evidence.openrosa_at_once)
    app.state.imports = Semaphore(settings.evidence.imports_at_once)
    app.state.wake = wake
    return app
