"""What is normal for a metric: models trained on its history, and the bands they give.

A model is the sum of a level that moves slowly, a weekly or daily season, the shape of the day, and a spread for each
hour. It is fitted by statsmodels in a child process (`fitting`), kept in the database (`trainer`) and read by plain
arithmetic (`model`), so that an alarm may ask for a band every minute.
"""

from trunkline.services.cloudwatch.anomaly.bands import band, banded, bands
from trunkline.services.cloudwatch.anomaly.model import Band, Model
from trunkline.services.cloudwatch.anomaly.subject import Subject
from trunkline.services.cloudwatch.anomaly.trainer import Trainer

__all__ = ["Band", "Model", "Subject", "Trainer", "band", "banded", "bands"]
