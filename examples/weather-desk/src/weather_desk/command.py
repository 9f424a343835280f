"""Asks the service for every city, in this process and without a socket, and ends."""

import asyncio

import httpx

from weather_desk.service import app


def main() -> None:
    asyncio.run(ask_for_all())


async def ask_for_all() -> None:
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://desk") as client:
        for city in (await client.get("/cities")).json():
            found = (await client.get(f"/cities/{city}")).json()
            print(f"{found['city']:<8} {found['mean']:>5} °C over {found['days']} days")
