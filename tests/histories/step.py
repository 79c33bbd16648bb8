"""Every step of histories by its name: a function of the world and two small numbers, and how often it is taken."""

STEPS = {}


def step(weight):
    def add(function):
        STEPS[function.__name__] = (function, weight)
        return function

    return add
