"""Simulators of the outside world, with faults on demand. Shipped: the demo, the tests and the drills all use them."""
