"""A place on the Earth; the only two places in the project where an axis order is chosen."""

from __future__ import annotations

from dataclasses import dataclass

from soramichi.errors import BadInput


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """WGS 84 latitude [-90, 90] and longitude [-180, 180] in degrees.

    Keyword-only, so the two cannot be swapped. Raises `BadInput` out of range
    or for not-a-number.

    >>> Position(latitude_deg=34.35, longitude_deg=136.87).lonlat
    (136.87, 34.35)
    """

    latitude_deg: float
    longitude_deg: float

    def __post_init__(self) -> None:
        if not -90.0 <= self.latitude_deg <= 90.0:
            raise BadInput(
                f"latitude_deg {self.latitude_deg} is outside [-90, 90]",
                ja=f"緯度 {self.latitude_deg} は -90〜90 の外です",
            )
        if not -180.0 <= self.longitude_deg <= 180.0:
            raise BadInput(
                f"longitude_deg {self.longitude_deg} is outside [-180, 180]",
                ja=f"経度 {self.longitude_deg} は -180〜180 の外です",
            )

    @property
    def lonlat(self) -> tuple[float, float]:
        """(longitude, latitude): GeoJSON's and shapely's x, y."""
        return (self.longitude_deg, self.latitude_deg)

    @property
    def latlon(self) -> tuple[float, float]:
        """(latitude, longitude): folium's and Leaflet's pair."""
        return (self.latitude_deg, self.longitude_deg)
