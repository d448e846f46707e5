"""Results published: figures, tables, abstract, flow, downloads, the site."""
