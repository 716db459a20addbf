"""Serve the site, health and metrics; loopback by default, nothing is ever written here."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import uvicorn
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import col, select
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from monitor.context import Context
from monitor.metrics import exposition
from monitor.store.engine import reading
from monitor.store.runs import Run, RunState

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
"""Beside each page's own Content-Security-Policy."""


class _Headers(BaseHTTPMiddleware):
    async def dispatch(
        self, request: Request, call_next: Callable[[Request], Awaitable[Response]]
    ) -> Response:
        response = await call_next(request)
        response.headers.update(HEADERS)
        return response


def application(context: Context) -> Starlette:
    """Return the application: `/`, `/healthz`, `/healthz/live`, `/healthz/ready`, `/metrics`.

    Which of the two site trees is shown is a setting; the public one by default.
    """
    tree = context.site / context.settings.serve.audience
    tree.mkdir(parents=True, exist_ok=True)

    def live(_request: Request) -> Response:
        return JSONResponse({"live": True})

    def ready(_request: Request) -> Response:
        document = readiness(context)
        return JSONResponse(document, status_code=200 if document["ready"] else 503)

    def metrics(_request: Request) -> Response:
        return Response(exposition(context), media_type="text/plain; version=0.0.4; charset=utf-8")

    def home(_request: Request) -> Response:
        first = context.settings.site.languages[0]
        return RedirectResponse(f"/{first}/index.html", status_code=307)

    routes: list[BaseRoute] = [
        Route("/healthz/live", live),
        Route("/healthz/ready", ready),
        Route("/healthz", ready),
        Route("/metrics", metrics),
    ]
    if not (tree / "index.html").exists():
        routes.append(Route("/", home))
    routes.append(Mount("/", StaticFiles(directory=tree, html=True)))
    return Starlette(routes=routes, middleware=[Middleware(_Headers)])


def readiness(context: Context) -> dict[str, object]:
    """Return whether levels are being concluded: the last good cycle and how old it is.

    Not ready: no good cycle yet, or none within `daemon.late_after_seconds` of when it was due.
    """
    try:
        with reading(context.engine) as session:
            last = session.exec(
                select(Run)
                .where(col(Run.id).like("cycle-%"), Run.state == RunState.DONE)
                .order_by(col(Run.started_at).desc())
                .limit(1)
            ).first()
    except SQLAlchemyError as error:
        return {"ready": False, "why": f"store: {type(error).__name__}"}
    if last is None or last.finished_at is None:
        return {"ready": False, "why": "no cycle has ended yet"}
    age = context.now() - last.finished_at
    late = age > timedelta(hours=1, seconds=context.settings.daemon.late_after_seconds)
    return {
        "ready": not late,
        "why": "the last good cycle is late" if late else "",
        "last_cycle": last.finished_at.isoformat(),
        "age_seconds": round(age.total_seconds()),
    }


def serving(context: Context, host: str, port: int) -> uvicorn.Server:
    """Return a server, not yet started."""
    config = uvicorn.Config(
        application(context), host=host, port=port, log_level="warning", server_header=False
    )
    return uvicorn.Server(config)
