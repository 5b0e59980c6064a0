"""What a user of Python might ask; in our words, not in those of the texts."""

from __future__ import annotations

from typing import Final

QUESTIONS: Final = (
    "What does the with statement do with a context manager when an exception is raised?",
    "How do I write a lambda expression?",
    "What is the difference between global and nonlocal?",
    "When is the else clause of a for loop executed?",
    "How do I raise an exception from another one?",
    "What happens when I delete a name that other objects refer to?",
    "How does the import statement find a module?",
    "Which values are considered false in a truth test?",
    "How can a class customize attribute access?",
    "How do I set a breakpoint in the debugger?",
    "What does yield do in a generator function?",
    "How do slices of a list work?",
    "What is a metaclass and how is it determined?",
    "How do I format a number with a fixed precision?",
    "Can I compare floats and integers, or chain comparisons?",
    "What do keyword arguments look like in a call?",
    "How do I remove a key from a dictionary?",
    "What is an async function and what may I await in it?",
    "How is a string literal with a backslash interpreted?",
    "How does the finally clause interact with return?",
    "What is the operator precedence of not and in?",
    "When are default parameter values evaluated?",
)
"""The questions of the demo, in the order in which they are asked."""
