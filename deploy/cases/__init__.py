"""Cases: the regulations as runnable stories (`fenyong case`), and the replay of a deal (`fenyong replay`).

reading and nodes turn a file into a typed story or refuse it with file, line and reason; verbs is the table of what a story can
say and which request says it; founding and playing tell the story over REST to a throwaway stack; outcome reads what came of it;
comparing holds that against `expect`; showing prints it. Nothing here knows a service from inside, and nothing sleeps to hope.
"""
