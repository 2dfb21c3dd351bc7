"""Stack refactoring: resources move from stack to stack, or get other logical ids, and stay as they are.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stack-refactoring.html
"""

from trunkline.services.cloudformation.refactoring.api import RefactorOperations

__all__ = ["RefactorOperations"]
