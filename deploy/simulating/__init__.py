"""Long histories of a brokerage that never was, made by the very decisions of the services: `fenyong simulate`.

The same seed gives the same histories, to the byte. `world` keeps the four logs in memory and lets decisions and reactions happen
in them, `lives` says what people do on which day, `loading` writes the logs into databases, `story` tells a small world as a case.
"""
