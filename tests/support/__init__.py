"""Small reviews for the tests, built in words."""
