"""Effect sizes by kind of data; `effect_size` is the one verb."""

from evergrove.stats.effects.calculation import effect_size as effect_size
