"""From records to reports and studies: duplicates found and explained, reports linked to their trials."""
