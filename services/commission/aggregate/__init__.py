"""What commission decides: on deals, and on the packs in force."""
