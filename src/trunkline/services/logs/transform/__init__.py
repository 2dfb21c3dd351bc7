"""Transformers: a pipeline of processors that turns a log event into JSON of a wanted shape as it comes in.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CloudWatch-Logs-Transformation-Processors.html

The event itself is stored and read as it came; metric filters and subscription filters may ask for the transformed one.
"""

from __future__ import annotations

from trunkline.services.logs.transform.pipeline import InvalidTransformer, Metadata, Transformer, compile_transformer

__all__ = ["InvalidTransformer", "Metadata", "Transformer", "compile_transformer"]
