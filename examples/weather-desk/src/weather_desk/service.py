"""The web service: averages of measurements that come with it."""

from fastapi import FastAPI, HTTPException
from pydantic import BaseModel

MEASURED = {
    "bergen": [7.1, 6.4, 8.0],
    "kyoto": [15.2, 16.9, 14.8],
    "quito": [13.0, 13.4, 12.7],
}

app = FastAPI(title="Weather desk")


class Report(BaseModel):
    city: str
    days: int
    mean: float


@app.get("/cities")
async def cities() -> list[str]:
    return sorted(MEASURED)


@app.get("/cities/{city}")
async def report(city: str) -> Report:
    if city not in MEASURED:
        raise HTTPException(404, f"no measurements of {city}")
    values = MEASURED[city]
    return Report(city=city, days=len(values), mean=round(sum(values) / len(values), 1))
