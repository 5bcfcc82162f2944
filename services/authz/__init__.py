"""Authz: companies, people and their posts, the development issuer of tokens, and the contact vault.

Owns: founding, joining, transfer, departure, probation, leave (C-1, S-1, S-4), later mandates (M). Hears: commission, which packs are in
force; who may do what is decided from what authz itself says. The vault keeps phones and names, which nobody else ever stores; events
hold references.
"""
