"""The configuration as one YAML file: read with line numbers, compared with the rows, written out again."""
