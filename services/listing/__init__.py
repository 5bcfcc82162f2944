"""Listing 房源: a flat that stands for sale or for rent, who entered it, in whose name it stands, and what was done for it.

Owns: entries and drafts, keys, exclusives, follow-ups, concealment, marks, reassignment, refutation (A-2.1, A-2.6 to A-2.9,
A-2.11 to A-2.17, B-1-3-1, B-1-3-2, B-2-1). Hears: authz (who is in post, who left), client (viewings, which renew and claim),
commission (packs in force; deals, which stop the terms).
"""
