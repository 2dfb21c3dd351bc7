"""Transforms: what a template is turned into before anything of it is made."""

from trunkline.services.cloudformation.template.transforms.interface import Transforming
from trunkline.services.cloudformation.template.transforms.order import transform

__all__ = ["Transforming", "transform"]
