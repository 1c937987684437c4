"""The catalog: products, categories and orders over REST."""
