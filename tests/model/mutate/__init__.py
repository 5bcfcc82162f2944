"""Mutation testing of the split: `changing` finds what can be changed, `trying` tries each change against the tests."""
