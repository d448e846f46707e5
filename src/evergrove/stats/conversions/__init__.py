"""From what papers print to what pooling takes: spreads, medians, arms, tables, ratios, absolute effects."""
