"""`fenyong pack`: what a policy pack would do, before it is in force. Checks one, and compares two over deals.

It splits with the product's own rules, and knows nothing else of what is inside the services.
"""
