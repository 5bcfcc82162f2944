"""A second, naive model of both splits, and what compares the product with it.

`clerk` is the model: plain dicts and fractions, clause by clause, as someone with the regulations in hand would work a deal
out. It was written from the regulations alone and imports nothing of the product. `deals` invents facts, `telling` puts them
into the clerk's words, `comparing` sets both answers side by side. `python -m tests.model --deals 100000 --seed 7` compares many.
`mutate` changes the code of the split in thousands of small ways and asks whether any test minds.
"""
