"""From the graph to a plan, and from the plan to a model, source and analysis. Only `module` imports torch."""
