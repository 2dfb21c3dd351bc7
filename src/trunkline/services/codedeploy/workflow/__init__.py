"""The durable work of a deployment: see deploy.py for the way forward, undo.py for the way back."""

from trunkline.services.codedeploy.workflow.deploy import NAME, Deployments

__all__ = ["NAME", "Deployments"]
