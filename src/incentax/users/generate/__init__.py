"""Invented items and people, deterministic given a seed; nothing is taken from anybody's data."""

from .items import generate_catalogue as generate_catalogue
from .personas import generate_people as generate_people
from .report import DiversityReport as DiversityReport
from .report import diversity as diversity
