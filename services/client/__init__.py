"""Client 客源: a person who wants to buy or rent, who entered them first, in whose name they stand, what they were shown.

Owns: entries and duplicates, follow-ups, viewings with their forms, seniors, claims, reassignment (A-2.1 to A-2.5, A-2.8, A-2.10,
A-2.11, A-1.N2); files, visits, grades and complaints (K, G, C-2). Hears: authz (who is in post, who left), listing (which listings
there are), commission (packs in force; deals, which stop the terms).
"""
