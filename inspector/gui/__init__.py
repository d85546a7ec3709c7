"""The desktop application: the one package that knows Qt."""
