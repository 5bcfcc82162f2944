"""Commission 分佣: deals 成交, their splits and settlements, the packs in force, and everyone's history to judge them by.

Owns: reports, signatures, late listings, settlement, findings, adjudication, cancellation (A-1.*, A-R1, B-1-*), disputes and their
rulings (O-4), violations, packs. Hears: authz, listing, client, and keeps what it hears, byte for byte, in a journal: from it a deal is
folded as it stood at closing.
"""
