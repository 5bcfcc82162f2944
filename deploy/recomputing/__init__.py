"""Recomputing all deals: `fenyong recompute`.

The work is done by processes of the commission service, which read its log and journal and write nothing; `workers` starts them and speaks
with them in JSON, `places` finds the database and the broker, `report` keeps what they answer, so that a run that was broken off goes on.
"""
