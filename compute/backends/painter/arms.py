"""Weapons and armour, drawn as `objects` are."""

from __future__ import annotations

from compute.backends.painter.colour import darker, lighter
from compute.backends.painter.ink import Ink
from compute.backends.painter.svg import Layer


def sword(d: Layer, ink: Ink) -> None:
    d.path("M0 -150L15 -126L13 70H-13L-15 -126Z", ink.metal)
    d.path("M0 -150L15 -126L13 70H0Z", darker(ink.metal, 0.45))
    d.stroke("M0 -130V60", lighter(ink.metal, 0.6), 3, 0.9)
    d.path("M-56 66Q0 82 56 66L58 80Q0 98 -58 80Z", ink.gold)
    d.rect(-8, 86, 16, 42, ink.across(d, ink.main, 8))
    d.stroke("M-8 96l16 6m-16 4l16 6m-16 4l16 6", ink.dark, 2.4, 0.6)
    d.circle(0, 138, 13, ink.gold)
    d.circle(-3, 135, 4, lighter(ink.gold, 0.7))


def dagger(d: Layer, ink: Ink) -> None:
    with d.group("translate(0 20) scale(1 0.72)"):
        sword(d, ink)


def axe(d: Layer, ink: Ink) -> None:
    d.rect(-9, -130, 18, 280, ink.across(d, ink.wood, 9), 1, 6)
    d.path("M-6 -112H10Q50 -128 74 -146Q104 -88 74 -30Q50 -50 10 -64H-6Z", darker(ink.metal, 0.45))
    d.path("M74 -146Q104 -88 74 -30L66 -38Q88 -88 66 -136Z", lighter(ink.metal, 0.7))


def hammer(d: Layer, ink: Ink) -> None:
    d.rect(-10, -100, 20, 250, ink.across(d, ink.wood, 10), 1, 6)
    d.rect(-70, -140, 140, 66, darker(ink.metal, 0.2), 1, 8)
    d.rect(-70, -140, 140, 16, lighter(ink.metal, 0.4), 1, 8)
    d.rect(-78, -146, 18, 78, ink.metal, 1, 5)


def spear(d: Layer, ink: Ink) -> None:
    d.rect(-5, -100, 10, 250, ink.across(d, ink.wood, 5))
    d.path("M0 -150L17 -112L7 -92H-7L-17 -112Z", ink.metal)
    d.path("M0 -150L17 -112L7 -92H0Z", darker(ink.metal, 0.45))
    d.path("M-7 -92h14l8 34l-10 -8l-5 14l-5 -14l-10 8Z", ink.main)


def staff(d: Layer, ink: Ink) -> None:
    d.stroke("M2 148C-8 60 10 -20 0 -92", ink.wood, 12)
    d.stroke("M-2 140C-12 60 6 -20 -3 -92", lighter(ink.wood, 0.4), 3, 0.6)
    d.stroke("M0 -92C-40 -104 -34 -150 0 -148C30 -148 34 -116 14 -104", ink.wood, 9)
    d.circle(0, -122, 15, ink.glow)
    d.circle(-4, -127, 5, "#ffffff", 0.9)


def bow(d: Layer, ink: Ink) -> None:
    d.stroke("M-26 -148C66 -110 34 -40 46 0C34 40 66 110 -26 148", ink.wood, 11)
    d.stroke("M-26 -144C56 -106 28 -40 40 0", lighter(ink.wood, 0.45), 3, 0.7)
    d.stroke("M-26 -148V148", ink.paper, 2)
    d.stroke("M-70 0H84", ink.wood, 4)
    d.path("M104 0L78 -9V9Z", ink.metal)
    d.path("M-76 -9h26l10 9l-10 9h-26l8 -9Z", ink.main)


def shield(d: Layer, ink: Ink) -> None:
    d.path("M-92 -110Q0 -146 92 -110C96 10 70 90 0 140C-70 90 -96 10 -92 -110Z", ink.metal)
    d.path("M-76 -96Q0 -126 76 -96C80 8 58 76 0 118C-58 76 -80 8 -76 -96Z", ink.across(d, ink.main, 80))
    d.path("M-12 -116H12V-34H74V-10H12V110H-12V-10H-74V-34H-12Z", ink.gold, 0.9)
    d.circle(0, -22, 26, ink.metal)
    d.circle(-6, -30, 9, lighter(ink.metal, 0.7))


def helmet(d: Layer, ink: Ink) -> None:
    d.path("M-84 90C-100 -60 -70 -120 0 -124C70 -120 100 -60 84 90L30 104V0H-30V104Z", ink.across(d, ink.metal, 90))
    d.path("M-84 -26H84V-4H-84Z", ink.dark, 0.8)
    d.path("M-8 -126H8V100H-8Z", ink.gold)
    d.path("M-6 -120C-60 -170 30 -176 70 -96C40 -130 20 -126 8 -112Z", ink.main)
