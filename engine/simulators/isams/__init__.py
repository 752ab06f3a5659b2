"""iSAMS: both of its APIs, of one made-up school, with the awkward cases that real ones have. Next: `server`."""

from engine.simulators.isams.server import IsamsSimulator

SIMULATOR = IsamsSimulator
