"""What a reader sees: view models, charts, templates and catalogues."""
