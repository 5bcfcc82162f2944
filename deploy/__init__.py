"""How Fenyong runs: servers, migrations, the local runner, the front, the command line and the cases."""
