"""``prepare``: pictures from many sources become one category that training can trust."""
