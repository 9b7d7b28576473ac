class Failure(Exception):
    """Something that could not be built, run or read; the text is for people."""
