"""Many deals judged again, chunk by chunk, straight from log and journal, and compared with what was settled. Reads only.

`asking` has what is asked and answered, `reading` the queries, `comparing` what differs, `answering` whoever answers for a chunk, `queue`
the same work for any number of them. `python -m services.commission.recomputing` answers what it reads, or what a queue holds.
"""

from services.commission.recomputing.answering import Recomputer
from services.commission.recomputing.asking import Answer, Asked, Chunk, Chunks, Difference, Job, Plan, Refusal

__all__ = ["Answer", "Asked", "Chunk", "Chunks", "Difference", "Job", "Plan", "Recomputer", "Refusal"]
