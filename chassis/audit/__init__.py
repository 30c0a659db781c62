"""Who saw or changed what, when and why: written beside the change, chained, and checked."""
