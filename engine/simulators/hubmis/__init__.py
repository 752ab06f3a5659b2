"""HUBmis: one JSON API in front of made-up schools, with the limits and the tokens of the real one. Next: `server`."""

from engine.simulators.hubmis.server import HubmisSimulator

SIMULATOR = HubmisSimulator
