"""What we want to try: which treatment for whom. The shipped strategy is default/strategy.yaml."""
