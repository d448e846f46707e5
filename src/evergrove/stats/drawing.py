"""Results that draw themselves: methods that hand a result to the figures, which load on request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from evergrove.stats.result import Result

if TYPE_CHECKING:
    from evergrove.figures.figure import Figure


class Drawable(Result):
    """A result with a forest plot."""

    __slots__ = ()

    def forest(self, **options: Any) -> Figure:  # noqa: ANN401 - passed on to forest_plot
        """Return the forest plot; `options` are those of `forest_plot`."""
        from evergrove.stats.display.forests import forest_plot  # noqa: PLC0415 - drawn on request only

        return forest_plot(self, **options)  # type: ignore[arg-type] # its subclasses are what it takes


class DrawablePool(Drawable):
    """A pooled result with the plots of one meta-analysis."""

    __slots__ = ()

    def funnel(self, **options: Any) -> Figure:  # noqa: ANN401 - passed on to funnel_plot
        """Return the funnel plot; `options` are those of `funnel_plot`."""
        from evergrove.stats.display.funnels import funnel_plot  # noqa: PLC0415 - drawn on request only

        return funnel_plot(self, **options)  # type: ignore[arg-type] # its subclass is PoolResult

    def radial(self, **options: Any) -> Figure:  # noqa: ANN401 - passed on to radial_plot
        """Return the radial plot; `options` are those of `radial_plot`."""
        from evergrove.stats.display.funnels import radial_plot  # noqa: PLC0415 - drawn on request only

        return radial_plot(self, **options)  # type: ignore[arg-type] # its subclass is PoolResult

    def drapery(self, **options: Any) -> Figure:  # noqa: ANN401 - passed on to drapery_plot
        """Return the drapery plot; `options` are those of `drapery_plot`."""
        from evergrove.stats.display.density_plots import drapery_plot  # noqa: PLC0415 - drawn on request only

        return drapery_plot(self, **options)  # type: ignore[arg-type] # its subclass is PoolResult

    def rainforest(self, **options: Any) -> Figure:  # noqa: ANN401 - passed on to rainforest_plot
        """Return the rainforest plot; `options` are those of `rainforest_plot`."""
        from evergrove.stats.display.density_plots import rainforest_plot  # noqa: PLC0415 - as above

        return rainforest_plot(self, **options)  # type: ignore[arg-type] # its subclass is PoolResult
