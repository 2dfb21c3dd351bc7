"""Parameters: from what is given, what was before and the defaults to the values that Ref gives."""

from trunkline.services.cloudformation.template.parameters.given import PREVIOUS, Given, given
from trunkline.services.cloudformation.template.parameters.resolving import Lookup, Parameters, parameters

__all__ = ["PREVIOUS", "Given", "Lookup", "Parameters", "given", "parameters"]
